"""What other HSDS tools make of our files: JSON Schema by jsonschema, the data package by frictionless.

Reads a JSON object from standard input: "schemas", the folder of the official schemas; "services", a list
of `service_full`; "package", the folder of a data package; "descriptor", the official descriptor of such
folders. Writes {"errors": [...]}: what each finds wrong, at most 20 each.
"""

import json
import os
import sys

from frictionless import Package, system
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012


def schema_errors(folder, services):
    resources = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".json") and name != "openapi.json":
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                contents = json.load(file)
            resource = Resource.from_contents(contents, default_specification=DRAFT202012)
            resources.append((name, resource))
    registry = Registry().with_resources(resources)
    schema = dict(resources)["service.json"].contents
    validator = Draft202012Validator(schema, registry=registry, format_checker=FormatChecker())
    for at, service in enumerate(services):
        for error in validator.iter_errors(service):
            yield f"service {at}, {'/'.join(map(str, error.path))}: {error.message[:200]}"


def package_errors(folder):
    with system.use_context(trusted=True):
        report = Package(os.path.join(folder, "datapackage.json")).validate()
    yield from told(report)


def official_errors(folder, path):
    """What the official descriptor finds wrong with the tables that are there."""
    with open(path, encoding="utf-8") as file:
        descriptor = json.load(file)
    resources = [
        resource
        for resource in descriptor["resources"]
        if os.path.exists(os.path.join(folder, resource["path"]))
    ]
    names = {resource["name"] for resource in resources}
    for resource in resources:
        # As a data package has it if nothing is said; else it is guessed from the first lines.
        resource["encoding"] = "utf-8"
        schema = resource["schema"]
        keys = schema.pop("foreignKeys", [])
        keys = [key for key in keys if key["reference"]["resource"] in names]
        if keys:
            schema["foreignKeys"] = keys
    descriptor["resources"] = resources
    unknown = {name for name in os.listdir(folder) if name.endswith(".csv")}
    for name in sorted(unknown - {resource["path"] for resource in resources}):
        yield f"{name}: the official descriptor has no such table"
    with system.use_context(trusted=True):
        report = Package.from_descriptor(descriptor, basepath=folder).validate()
    yield from told(report)


def told(report):
    for row in report.flatten(["type", "message", "rowNumber", "fieldName"]):
        yield " ".join(str(part) for part in row)[:300]


def first(errors, most=20):
    return [error for error, _ in zip(errors, range(most))]


asked = json.load(sys.stdin)
found = first(schema_errors(asked["schemas"], asked["services"]))
found += first(package_errors(asked["package"]))
found += first(official_errors(asked["package"], asked["descriptor"]))
json.dump({"errors": found}, sys.stdout)
