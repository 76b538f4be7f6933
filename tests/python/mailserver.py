"""A mail server: takes messages over SMTP and prints them. It shares no code with the product.

    mailserver.py --certificate PEM --key PEM --user NAME --password WORD [--refuse N] [--implicit]

It listens on a free port of 127.0.0.1 and prints JSON, one object on each line:

    {"port": 40123}                                                 once, when it listens
    {"refused": 451}                                                for each recipient refused
    {"from": ..., "to": [...], "tls": true, "user": ..., "headers": [[...]], "text": ...}
                                                                    for each message taken

Nothing is taken before STARTTLS (or, with --implicit, before TLS) and a right password. The first N
recipients are refused with 451, "come back later". It runs until its standard input ends.
"""

import argparse
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def say(what):
    print(json.dumps(what), flush=True)


class Handler:
    def __init__(self, refuse):
        self.refuse = refuse

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.refuse > 0:
            self.refuse -= 1
            say({"refused": 451})
            return "451 4.3.0 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        say(
            {
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "tls": server.transport.get_extra_info("ssl_object") is not None,
                "user": getattr(session, "auth_data", None),
                "headers": [[name, str(value)] for name, value in message.items()],
                "text": message.get_content(),
            }
        )
        return "250 OK"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--user", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--refuse", type=int, default=0)
    parser.add_argument("--implicit", action="store_true")
    options = parser.parse_args()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)

    def authenticate(server, session, envelope, mechanism, login):
        right = isinstance(login, LoginPassword) and (login.login, login.password) == (
            options.user.encode(),
            options.password.encode(),
        )
        return AuthResult(success=right, handled=False, auth_data=options.user if right else None)

    common = {
        "authenticator": authenticate,
        "auth_required": True,
        "hostname": "127.0.0.1",
        "port": 0,
    }
    handler = Handler(options.refuse)

    class Server(Controller):
        # A free port is known only once the server listens, and the controller would dial port 0.
        def _trigger_server(self):
            self.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()

        def factory(self):
            if options.implicit:
                return SMTP(self.handler, auth_require_tls=False, **self.SMTP_kwargs)
            return SMTP(
                self.handler, tls_context=context, require_starttls=True, **self.SMTP_kwargs
            )

    server = Server(handler, ssl_context=context if options.implicit else None, **common)
    server.start()
    say({"port": server.port})
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
