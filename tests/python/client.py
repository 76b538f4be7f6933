"""A partner in another language: checks a node's health, lists its API and pulls its feed.

It shares no code with the product. The messages come from the node itself, by reflection; the
signature and the tree are checked with another library, from proto/entente/v1/statement.proto.
The caller must be an active partner of the node. On success it prints one JSON object:

    {"health": "SERVING", "services": [...], "services_v1": [...],
     "batches": 1, "leaves": 2, "redacted": 0, "signatures": 1, "origin": "..."}

`services` is what reflection v1alpha lists and `services_v1` what v1 lists. On failure it prints one
line on standard error and ends with 1 (the node is not as specified), 2 (wrong arguments) or 3
(the node cannot be reached, or refuses).
"""

import argparse
import base64
import hashlib
import json
import pathlib
import sys

import grpc
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from google.protobuf import descriptor_pool, message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

# The name in every leaf. The address in a certificate would tell a stranger where a node is.
NODE_NAME = "node.entente.invalid"
SERVICE = "entente.v1.Exchange"
PROTOCOL_VERSIONS = [1]
# C2SP signed-note: the kind of a key is in its hash, and 1 is Ed25519.
ED25519_NOTE = b"\x01"
SIGNATURE_LINE = "\u2014 "


class NotAsSpecified(Exception):
    """The node did something that its specification does not say."""


def channel(arguments) -> grpc.Channel:
    credentials = grpc.ssl_channel_credentials(
        root_certificates=arguments.server_identity.read_bytes(),
        private_key=arguments.key.read_bytes(),
        certificate_chain=arguments.leaf.read_bytes(),
    )
    options = [("grpc.ssl_target_name_override", NODE_NAME)]
    return grpc.secure_channel(arguments.address, credentials, options=options)


def health(link, timeout) -> str:
    stub = health_pb2_grpc.HealthStub(link)
    answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=timeout)
    return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)


def services_v1(link, timeout) -> list[str]:
    """Reflection v1 has the messages of v1alpha under another name of the service."""
    method = link.stream_stream(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    question = reflection_pb2.ServerReflectionRequest(list_services="")
    for answer in method(iter([question]), timeout=timeout):
        return sorted(service.name for service in answer.list_services_response.service)
    raise NotAsSpecified("reflection v1 ended without an answer")


class Exchange:
    """The service, built from what the node says about itself."""

    def __init__(self, link, database, timeout):
        self.link, self.timeout = link, timeout
        pool = descriptor_pool.DescriptorPool(database)
        self.service = pool.FindServiceByName(SERVICE)

    def call(self, name, **fields):
        """Calls a method that takes one message; a stream comes back as an iterator."""
        method = self.service.FindMethodByName(name)
        request = message_factory.GetMessageClass(method.input_type)
        reply = message_factory.GetMessageClass(method.output_type)
        how = self.link.unary_stream if method.server_streaming else self.link.unary_unary
        remote = how(
            f"/{SERVICE}/{name}",
            request_serializer=request.SerializeToString,
            response_deserializer=reply.FromString,
        )
        return remote(request(**fields), timeout=self.timeout)


def identity(path: pathlib.Path):
    """The key of the last certificate in a file: of an identity alone, or of a chain that it ends."""
    return x509.load_pem_x509_certificates(path.read_bytes())[-1].public_key()


def raw(key) -> bytes:
    return key.public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw
    )


def open_checkpoint(note: bytes, key) -> tuple[str, int, bytes, int]:
    """Verifies a signed checkpoint: its origin, size, root, and how many lines are the server's."""
    text, blank, lines = note.decode().partition("\n\n")
    if not blank:
        raise NotAsSpecified("the checkpoint has no signature")
    body = text + "\n"
    origin, size, root = text.split("\n")[:3]
    n_valid = 0
    for line in lines.splitlines():
        if not line.startswith(SIGNATURE_LINE):
            raise NotAsSpecified("a signature line does not begin with a dash")
        name, encoded = line.removeprefix(SIGNATURE_LINE).split(" ")
        signed = base64.b64decode(encoded, validate=True)
        hashed = name.encode() + b"\n" + ED25519_NOTE + raw(key)
        if name != origin or signed[:4] != hashlib.sha256(hashed).digest()[:4]:
            continue
        key.verify(signed[4:], body.encode())
        n_valid += 1
    if n_valid == 0:
        raise NotAsSpecified("no signature line is the server's")
    return origin, int(size), base64.b64decode(root, validate=True), n_valid


def tree_root(hashes: list[bytes]) -> bytes:
    """The root over leaf hashes (RFC 6962, section 2.1)."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    # The largest power of two below the number of leaves.
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    left, right = tree_root(hashes[:split]), tree_root(hashes[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf_hashes(batch) -> list[bytes]:
    """A leaf that was withdrawn before it was read travels as its hash."""
    redacted = set(batch.redacted)
    return [
        leaf if at in redacted else hashlib.sha256(b"\x00" + leaf).digest()
        for at, leaf in enumerate(batch.leaves)
    ]


def pull(exchange: Exchange, server, ours) -> dict:
    """The whole feed, every batch verified."""
    hello = exchange.call("Hello", versions=PROTOCOL_VERSIONS)
    parties = f"{raw(server).hex()}/{raw(ours).hex()}"
    expected = f"entente.invalid/feed/v1/{parties}/{hello.feed_epoch}"
    hashes: list[bytes] = []
    seen = {"batches": 0, "leaves": 0, "redacted": 0, "signatures": 0}
    for batch in exchange.call("Pull", feed_epoch=hello.feed_epoch, after=0):
        if batch.feed_epoch != hello.feed_epoch or batch.first != len(hashes):
            raise NotAsSpecified("a batch does not begin where the last one ended")
        hashes.extend(leaf_hashes(batch))
        origin, size, root, n_valid = open_checkpoint(batch.checkpoint, server)
        if origin != expected:
            raise NotAsSpecified("the checkpoint is of another feed")
        if size != len(hashes) or root != tree_root(hashes):
            raise NotAsSpecified("the checkpoint is not of these leaves")
        seen["batches"] += 1
        seen["leaves"] += len(batch.leaves)
        seen["redacted"] += len(batch.redacted)
        seen["signatures"] += n_valid
    if len(hashes) < hello.feed_size:
        raise NotAsSpecified("the feed ended before the size that Hello told")
    return seen | {"origin": expected}


def talk(arguments) -> dict:
    with channel(arguments) as link:
        timeout = arguments.timeout
        told = {"health": health(link, timeout)}
        database = ProtoReflectionDescriptorDatabase(link)
        told["services"] = sorted(database.get_services())
        told["services_v1"] = services_v1(link, timeout)
        exchange = Exchange(link, database, timeout)
        server, ours = identity(arguments.server_identity), identity(arguments.leaf)
        return told | pull(exchange, server, ours)


def arguments_of(command_line):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", help="the node's partner door, host:port")
    for name, meaning in [
        ("--server-identity", "certificate of the server's identity, PEM"),
        ("--leaf", "our chain, leaf then identity, PEM"),
        ("--key", "the leaf's secret key, PEM"),
    ]:
        parser.add_argument(name, type=pathlib.Path, required=True, help=meaning)
    parser.add_argument(
        "--timeout", type=float, default=20.0, help="seconds that one call may take (20)"
    )
    return parser.parse_args(command_line)


def main() -> int:
    arguments = arguments_of(sys.argv[1:])
    try:
        print(json.dumps(talk(arguments)))
        return 0
    except OSError as error:
        print(f"client: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except grpc.RpcError as error:
        print(f"client: {error.code().name}: {error.details()}", file=sys.stderr)
        return 3
    except InvalidSignature:
        print("client: the checkpoint's signature is wrong", file=sys.stderr)
        return 1
    except (NotAsSpecified, ValueError, KeyError) as error:
        print(f"client: {type(error).__name__}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
