import json
import re

from newsletter.web.api.endpoints import ENDPOINTS
from newsletter.web.api.handler import ROOT
from newsletter.web.api.openapi import document
from tests.test_docs import ROOT as CHECKOUT
from tests.web.api.conftest import Api

API = CHECKOUT / "docs" / "openapi.json"


def test_the_document_is_served_to_everybody(api: Api) -> None:
    served = json.loads(Api(api.port, api.store)("GET", "/openapi.json").text)
    assert served == json.loads(json.dumps(document(ENDPOINTS, ROOT)))
    assert served["openapi"].startswith("3.1")


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(document(ENDPOINTS, ROOT))
    names = set(re.findall(r"#/components/schemas/([^\"]+)", text))
    assert names <= set(json.loads(text)["components"]["schemas"])


def test_every_part_of_a_path_is_described() -> None:
    for path, operations in document(ENDPOINTS, ROOT)["paths"].items():
        for operation in operations.values():
            described = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert described == set(re.findall(r"{(\w+)}", path))


def test_the_docs_have_a_table_of_the_endpoints() -> None:
    text = (CHECKOUT / "docs" / "api.md").read_text()
    for each in ENDPOINTS:
        row = f"| `{each.method} {each.path}` | `{each.scope}` | {each.summary} |"
        assert row in text, row


def test_the_docs_hold_the_document_of_today() -> None:
    kept = json.loads(API.read_text())
    made = json.loads(json.dumps(document(ENDPOINTS, ROOT)))
    assert kept | {"info": made["info"]} == made, "write it anew: python -m tests.web.api"
