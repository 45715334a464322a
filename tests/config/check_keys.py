#!/usr/bin/env python3
"""Checks that everything that names the configuration's keys names the same ones.

    tests/config/check_keys.py --busbard PROGRAM

The default file, the schema, the table of docs/configuration.md, and the loader: what it knows is read
from its answers to unknown keys. Defaults of file and schema have to be equal. Faults of
every kind are refused by the loader and, with python3-jsonschema, by the schema.

Exit status: 0 they agree, 1 they don't.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

TREE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")

# What the loader is asked for, as {section: text with a wrong key in that section}.
SECTIONS = {
    "": '{"?": 0}',
    "bus": '{"bus": {"?": 0}}',
    "admin": '{"admin": {"?": 0}}',
    "defaults": '{"defaults": {"?": 0}}',
    "defaults.publish": '{"defaults": {"publish": {"?": 0}}}',
    "defaults.subscribe": '{"defaults": {"subscribe": {"?": 0}}}',
    "limits": '{"limits": {"?": 0}}',
    "limits.per_user": '{"limits": {"per_user": {"?": 0}}}',
    "channels": '{"channels": [{"?": 0}]}',
    "channels.publish": '{"channels": [{"publish": {"?": 0}}]}',
    "channels.subscribe": '{"channels": [{"subscribe": {"?": 0}}]}',
    "log": '{"log": {"?": 0}}',
}

# Faults of a configuration's structure: the schema knows them as the loader does.
REFUSED = [
    [], 1, {"chanels": []}, {"bus": 1}, {"bus": {"nam": "a"}}, {"bus": {"name": ""}},
    {"bus": {"name": "a.b"}}, {"bus": {"name": 1}}, {"bus": {"socket": "relative"}},
    {"bus": {"socket": "/" + "a" * 107}}, {"bus": {"socket": "/run/"}}, {"bus": {"socket_mode": "660"}},
    {"bus": {"socket_mode": 660}}, {"bus": {"socket_mode": "1777"}}, {"bus": {"socket_group": -1}},
    {"bus": {"socket_group": ""}}, {"bus": {"socket_group": 4294967295}}, {"admin": []},
    {"admin": {"users": "root"}}, {"admin": {"users": [None]}}, {"admin": {"users": [1.5]}},
    {"admin": {"users": list(range(65))}}, {"admin": {"user": []}}, {"defaults": {"name": "a"}},
    {"defaults": {"capacity": "64mib"}}, {"defaults": {"capacity": -1}}, {"defaults": {"capacity": 1.5}},
    {"defaults": {"capacity": "1e3"}}, {"defaults": {"capacity": True}},
    {"defaults": {"max_message": 0}}, {"defaults": {"when_full": "evicted"}},
    {"defaults": {"block_timeout": 5}}, {"defaults": {"block_timeout": "5"}},
    {"defaults": {"block_timeout": "-1s"}}, {"defaults": {"block_timeout": "1e3s"}},
    {"defaults": {"max_publishers": 0}}, {"defaults": {"max_publishers": 65}},
    {"defaults": {"max_subscribers": 257}}, {"defaults": {"alignment": 24}},
    {"defaults": {"segment": "heap"}}, {"defaults": {"fences": "none"}},
    {"defaults": {"huge_pages": "yes"}}, {"defaults": {"numa_node": 1024}},
    {"defaults": {"numa_node": -1}}, {"defaults": {"lock_memory": 1}},
    {"defaults": {"publish": {"users": {}}}}, {"limits": {"memory": 0}}, {"limits": {"clients": 0}},
    {"limits": {"clients": 65537}}, {"limits": {"channels": "many"}},
    {"limits": {"per_user": {"client": 1}}}, {"limits": {"per_user": {"clients": 0}}},
    {"dynamic_channels": "yes"}, {"channels": {}}, {"channels": [{}]}, {"channels": [{"name": "a/b"}]},
    {"channels": [{"name": ".a"}]}, {"channels": [{"name": "busbar"}]},
    {"channels": [{"name": "busbar.x"}]}, {"channels": [{"name": "a" * 129}]},
    {"channels": [{"name": "a", "colour": 1}]}, {"log": {"level": "loud"}}, {"log": {"target": "syslog"}},
]

ACCEPTED = [
    {}, {"bus": {"name": "a-b_c", "socket": "/run/a.sock", "socket_mode": "0000", "socket_group": "root"}},
    {"admin": {"users": ["*", "root", 0], "groups": [0]}}, {"defaults": {"capacity": 1}},
    {"defaults": {"capacity": "1.5 MiB", "block_timeout": "0", "alignment": 4096 // 8}},
    {"defaults": {"block_timeout": "1.5 s", "segment": "auto", "publish": {}}},
    {"defaults": {"huge_pages": "try", "numa_node": 1023, "lock_memory": True}},
    {"limits": {"memory": "1GB", "per_user": {"memory": 4096, "clients": 1, "channels": 1}}},
    {"channels": [{"name": "busbars"}, {"name": "_.a"}, {"name": "a" * 128, "capacity": "64 KiB"}]},
    {"log": {"level": "off", "target": "stderr"}, "dynamic_channels": False},
]

problems = []


def problem(text):
    print("check_keys: " + text)
    problems.append(text)


def read(path):
    with open(os.path.join(TREE, path), encoding="utf-8") as file:
        return file.read()


def without_comments(text):
    """JSON with // comments as JSON; none of the strings has // in it."""
    return re.sub(r"//.*", "", text)


def with_commented_keys(text):
    """The same with the keys that stand in comments put into force, each alone in its comment."""
    lines = []
    for line in text.splitlines():
        commented = re.match(r'\s*// ("[a-z_]+": (?:"[^"]*"|[0-9]+)),?$', line)
        lines.append(commented.group(1) + "," if commented else re.sub(r"//.*", "", line))
    return re.sub(r",(\s*[}\]])", r"\1", "\n".join(lines))


class Schema:
    def __init__(self, text):
        self.root = json.loads(text)

    def resolved(self, node):
        if "$ref" not in node:
            return node
        merged = dict(self.root["$defs"][node["$ref"].rsplit("/", 1)[1]])
        merged.update({key: value for key, value in node.items() if key != "$ref"})
        return self.resolved(merged) if "$ref" in merged else merged

    def keys(self, node=None, path=""):
        """{path: node} of every key, sections included."""
        node = self.resolved(node or self.root)
        if node.get("type") == "array" and node["items"].get("type") == "object":
            node = self.resolved(node["items"])
        found = {}
        for key, value in node.get("properties", {}).items():
            full = f"{path}.{key}" if path else key
            found[full] = self.resolved(value)
            found.update(self.keys(value, full))
        return found

    def check_sections(self):
        for path, node in {"": self.root, **self.keys()}.items():
            if "properties" in node and node.get("additionalProperties") is not False:
                problem(f"schema: {path or 'the root'} takes unknown keys")
            if path and "description" not in node:
                problem(f"schema: {path} has no description")


def keys_of_file(value, path=""):
    """{path: value} of every key in a configuration, sections included."""
    found = {}
    if isinstance(value, list):
        return found
    for key, inner in value.items():
        full = f"{path}.{key}" if path else key
        found[full] = inner
        if isinstance(inner, dict):
            found.update(keys_of_file(inner, full))
    return found


def keys_of_table(text):
    return re.findall(r"^\| `([a-z_.]+)` \|", text, re.MULTILINE)


class Loader:
    def __init__(self, program, folder):
        self.program = program
        self.path = os.path.join(folder, "busbar.json")

    def answer(self, text):
        """(exit status, what it said)."""
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)
        ran = subprocess.run([self.program, "--check-config", "--config", self.path], text=True,
                             capture_output=True, check=False)
        return ran.returncode, ran.stderr

    def keys(self):
        found = set()
        for section, text in SECTIONS.items():
            known = re.search(r"\(known: (.*)\)", self.answer(text)[1])
            if not known:
                problem(f"the loader does not say which keys {section or 'the root'} has")
                continue
            for key in re.findall(r'"([a-z_]+)"', known.group(1)):
                found.add(f"{section}.{key}" if section else key)
        return found


def compare(what, found, wanted):
    for key in sorted(set(wanted) - set(found)):
        problem(f"{what} does not have the key {key}")
    for key in sorted(set(found) - set(wanted)):
        problem(f"{what} has the key {key}, which the schema does not have")


def check_defaults(schema_keys, file_keys):
    for path, node in schema_keys.items():
        if path.startswith("channels.") or "properties" in node or path not in file_keys:
            continue
        if "default" in node and node["default"] != file_keys[path]:
            problem(f"{path}: the default file says {file_keys[path]}, the schema {node['default']}")


def check_verdicts(schema, default_file, loader):
    """What is to be said of a configuration, by the schema if something here can apply it."""
    applied = lambda _, valid: valid
    try:
        import jsonschema
        jsonschema.Draft202012Validator.check_schema(schema.root)
        validator = jsonschema.Draft202012Validator(schema.root)
        applied = lambda value, _: validator.is_valid(value)
    except ImportError:
        print("check_keys: python3-jsonschema is not here: the schema itself is not tried")
    if not applied(default_file, True):
        problem("the schema refuses the default file")
    for value, valid in [(value, True) for value in ACCEPTED] + [(value, False) for value in REFUSED]:
        text = json.dumps(value)
        if applied(value, valid) != valid:
            problem(f"the schema {'refuses' if valid else 'takes'} {text}")
        status, words = loader.answer(text)
        if status != (0 if valid else 2):
            problem(f"the loader {'refuses' if valid else 'takes'} {text}: {words}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--busbard", required=True)
    options = parser.parse_args()

    text = read("config/busbar.json")
    schema = Schema(read("config/busbar.schema.json"))
    schema.check_sections()
    keys = schema.keys()
    plain = {key for key in keys if not key.startswith("channels.")}

    default_file = json.loads(without_comments(text))
    compare("config/busbar.json", keys_of_file(json.loads(with_commented_keys(text))), plain)
    check_defaults(keys, keys_of_file(default_file))

    # The table has no rows for sections, nor for what channels and defaults have in common.
    rows = keys_of_table(read("docs/configuration.md"))
    for key in sorted({key for key in rows if rows.count(key) > 1}):
        problem(f"docs/configuration.md has two rows for {key}")
    sections = {key for key in keys if "properties" in keys[key] and not key.endswith(("publish", "subscribe"))}
    compare("the table of docs/configuration.md", rows,
            {key for key in plain - sections if not key.startswith(("defaults.publish.", "defaults.subscribe."))}
            | {"channels.name"})

    with tempfile.TemporaryDirectory() as folder:
        loader = Loader(options.busbard, folder)
        compare("the loader", loader.keys(), keys)
        check_verdicts(schema, default_file, loader)
    if problems:
        return 1
    print(f"check_keys: {len(keys)} keys, the same everywhere")
    return 0


if __name__ == "__main__":
    sys.exit(main())
