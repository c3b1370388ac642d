"""Uploads rows with the vendor's published packages, nothing changed but addresses.

Arguments: URL, tenant, client id, client secret. The authority's certificate comes by REQUESTS_CA_BUNDLE.
Prints one JSON object with what happened.
"""

import json
import sys

from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.monitor.ingestion import LogsIngestionClient

url, tenant, client_id, secret = sys.argv[1:]
credential = ClientSecretCredential(tenant, client_id, secret, authority=url, disable_instance_discovery=True)
client = LogsIngestionClient(url, credential, credential_scopes=["https://monitor.azure.com//.default"])

# More than a megabyte, so that the package divides it; each part is sent with gzip.
rows = [
    {"TimeGenerated": "2026-01-02T03:04:05Z", "DeviceName": f"host-{n}", "ReportId": n, "ProcessCommandLine": "x" * 400}
    for n in range(5000)
]
client.upload(rule_id="dcr-00000000000000000000000000000000", stream_name="Custom-DeviceProcessEvents", logs=rows)

failures = []
client.upload(
    rule_id="dcr-1", stream_name="Custom-NoSuchTable", logs=[{"a": 1}], on_error=lambda e: failures.append(e.error)
)
own_scope = LogsIngestionClient(url, credential, credential_scopes=[f"{url}/.default"])
own_scope.upload(rule_id="dcr-1", stream_name="Custom-DeviceProcessEvents", logs=[{"ReportId": 5000}])

wrong = LogsIngestionClient(
    url, ClientSecretCredential(tenant, client_id, "wrong", authority=url, disable_instance_discovery=True)
)
try:
    wrong.upload(rule_id="dcr-1", stream_name="Custom-DeviceProcessEvents", logs=[{"ReportId": 1}])
    refused = "not at all"
except Exception as error:  # noqa: BLE001: whatever the package makes of it is told
    refused = type(error).__name__
print(
    json.dumps(
        {
            "failures": [{"status": e.status_code, "message": e.message} for e in failures if isinstance(e, HttpResponseError)],
            "refused": refused,
        }
    )
)
