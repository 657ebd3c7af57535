"""Writes docs/openapi.json anew."""

import json

from newsletter.web.api.endpoints import ENDPOINTS
from newsletter.web.api.handler import ROOT
from newsletter.web.api.openapi import document
from tests.web.api.test_openapi import API

API.write_text(json.dumps(document(ENDPOINTS, ROOT), indent=1) + "\n")
