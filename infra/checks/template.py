"""Runs SAM's own transform on template.yaml and cfn-lint on what comes out, and on the nested templates as they stand.

`sam validate --lint` alone passes templates that the transform refuses at deployment (facts: route keys, routes that end in a slash).
With --write it first copies infra/cdn/viewer-request.js into the CDN's template, the only place where CloudFront reads it.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")

from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

ROOT = Path(__file__).resolve().parents[2]
NESTED = sorted(ROOT.glob("infra/*/template.yaml"))


class ManagedPolicies:
    """Answers the transform's question for the ARNs of managed policies; inline policies alone are used here."""

    def load(self):
        return {}


def transform(template: dict, parameters: dict) -> dict:
    # The transform takes packaged code only; where the code lies is all that packaging changes.
    template["Globals"]["Function"]["CodeUri"] = "s3://packaged/code.zip"
    translator = Translator({}, Parser(), boto_session=None)
    return translator.translate(template, parameter_values=parameters)


def viewer_request_in(cdn: str) -> str:
    block = re.search(r"(?m)^      FunctionCode: \|\n((?:        .*\n|\n)+)", cdn)
    if block is None:
        sys.exit("infra/cdn/template.yaml has no FunctionCode block")
    return block.group(1)


def check_viewer_request(write: bool) -> None:
    path = ROOT / "infra/cdn/template.yaml"
    cdn = path.read_text()
    source = (ROOT / "infra/cdn/viewer-request.js").read_text()
    wanted = "".join(f"        {line}\n" if line else "\n" for line in source.splitlines())
    held = viewer_request_in(cdn)
    if held == wanted + "\n":
        return
    if not write:
        sys.exit("infra/cdn/template.yaml does not hold infra/cdn/viewer-request.js; run infra/checks/template.py --write")
    path.write_text(cdn.replace(held, wanted + "\n"))


def check_nested(resources: dict) -> None:
    """Compares what the template gives to and takes from its nested templates with what these declare."""
    text = json.dumps(resources)
    for name, resource in resources.items():
        if resource["Type"] != "AWS::CloudFormation::Stack":
            continue
        nested = yaml_parse((ROOT / resource["Properties"]["TemplateURL"]).read_text())
        given, declared = set(resource["Properties"].get("Parameters", {})), set(nested.get("Parameters", {}))
        if given != declared:
            sys.exit(f"{name}: gives {sorted(given - declared)} too many, lacks {sorted(declared - given)}")
        taken = set(re.findall(rf'"{name}",? ?\.?"?Outputs\.(\w+)"', text))
        taken |= set(re.findall(rf"{name}\.Outputs\.(\w+)", text))
        if missing := taken - set(nested.get("Outputs", {})):
            sys.exit(f"{name}: has no outputs {sorted(missing)}")


def main() -> None:
    check_viewer_request(write="--write" in sys.argv[1:])
    template = yaml_parse((ROOT / "template.yaml").read_text())
    parameters = {name: value.get("Default", "") for name, value in template["Parameters"].items()}
    wanted = sum(
        event["Type"] == "HttpApi"
        for resource in template["Resources"].values()
        for event in resource.get("Properties", {}).get("Events", {}).values()
    )
    output = transform(template, parameters)
    paths = output["Resources"]["HttpApi"]["Properties"]["Body"]["paths"]
    got = sum(method in ("get", "post", "put", "patch", "delete") for path in paths.values() for method in path)
    if got != wanted or any(path.endswith("/") for path in paths):
        sys.exit(f"the transform kept {got} of {wanted} HTTP routes: {sorted(paths)}")
    check_nested(output["Resources"])
    for resource in output["Resources"].values():
        if resource["Type"] == "AWS::CloudFormation::Stack":
            resource["Properties"]["TemplateURL"] = str(ROOT / resource["Properties"]["TemplateURL"])
    with tempfile.TemporaryDirectory() as folder:
        translated = Path(folder) / "translated.json"
        translated.write_text(json.dumps(output, indent=1))
        # W3002: nested templates lie beside this one until `sam package` uploads them.
        linter = str(Path(sys.executable).parent / "cfn-lint")
        lint = [linter, "--regions", "eu-west-1", "--ignore-checks", "W3002", "--"]
        result = subprocess.run([*lint, str(translated), *map(str, NESTED)], check=False)
    if result.returncode:
        sys.exit(result.returncode)
    print(f"template.yaml: transformed, {len(output['Resources'])} resources, {got} HTTP routes; cfn-lint has nothing to say")


if __name__ == "__main__":
    main()
