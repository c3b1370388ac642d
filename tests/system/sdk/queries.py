"""Asks in KQL with the vendor's published packages, nothing changed but addresses.

Arguments: URL, tenant, client id, client secret. The authority's certificate comes by REQUESTS_CA_BUNDLE.
Prints one JSON object with the answers.
"""

import asyncio
import json
import os
import sys
from datetime import timedelta

os.environ.setdefault("SSL_CERT_FILE", os.environ["REQUESTS_CA_BUNDLE"])

from azure.core.exceptions import HttpResponseError  # noqa: E402: the certificate must be known before
from azure.identity import ClientSecretCredential  # noqa: E402
from azure.kusto.data import ClientRequestProperties, KustoClient, KustoConnectionStringBuilder  # noqa: E402
from azure.kusto.data.aio import KustoClient as AsyncKustoClient  # noqa: E402
from azure.kusto.data.exceptions import KustoApiError  # noqa: E402
from azure.monitor.query import LogsBatchQuery, LogsQueryClient  # noqa: E402

url, tenant, client_id, secret = sys.argv[1:]
DATABASE = "NetDefaultDB"


def credential():
    return ClientSecretCredential(tenant, client_id, secret, authority=url, disable_instance_discovery=True)


def connection():
    return KustoConnectionStringBuilder.with_azure_token_credential(url, credential=credential())


def rows(table):
    return [row.to_dict() for row in table]


def kusto():
    client = KustoClient(connection())
    found = {}
    answer = client.execute(DATABASE, "SecurityEvent | summarize n = count() by Computer | sort by Computer asc")
    found["summary"] = rows(answer.primary_results[0])
    answer = client.execute(DATABASE, "print a = 1, b = true, c = 'x', d = 1h, e = datetime(2024-01-05), f = 1.5")
    (row,) = answer.primary_results[0]
    found["types"] = [type(value).__name__ for value in row.to_list()]
    found["column_types"] = [column.column_type for column in answer.primary_results[0].columns]
    properties = ClientRequestProperties()
    properties.set_parameter("wanted", "host-1")
    text = "declare query_parameters(wanted:string); SecurityEvent | where Computer == wanted | count"
    found["parameter"] = rows(client.execute(DATABASE, text, properties).primary_results[0])
    found["databases"] = [row["DatabaseName"] for row in client.execute_mgmt(DATABASE, ".show databases").primary_results[0]]
    schema = client.execute_mgmt(DATABASE, f".show database {DATABASE} schema").primary_results[0]
    found["schema_tables"] = len({row["TableName"] for row in schema})
    try:
        client.execute(DATABASE, "SecurityEvnt | count")
    except KustoApiError as error:
        found["error"] = str(error)
    streamed = client.execute_streaming_query(DATABASE, "SecurityEvent | project Computer | sort by Computer asc")
    found["streamed"] = [row["Computer"] for table in streamed.iter_primary_results() for row in table]
    return found


async def kusto_async():
    async with AsyncKustoClient(connection()) as client:
        answer = await client.execute(DATABASE, "SecurityEvent | count")
        return rows(answer.primary_results[0])


def log_analytics():
    client = LogsQueryClient(credential(), endpoint=f"{url}/v1")
    found = {}
    answer = client.query_workspace(
        "any", "SecurityEvent | count", timespan=None, include_statistics=True, include_visualization=True
    )
    found["count"] = [list(row) for row in answer.tables[0].rows]
    found["statistics"] = "query" in (answer.statistics or {})
    before = client.query_workspace("any", "SecurityEvent | count", timespan=timedelta(days=1))
    found["recent"] = [list(row) for row in before.tables[0].rows]
    try:
        client.query_workspace("any", "SecurityEvent | where Nothing == 1", timespan=None)
    except HttpResponseError as error:
        found["error"] = [error.status_code, str(error)]
    batch = [
        LogsBatchQuery(workspace_id="any", query="print x = 1", timespan=None),
        LogsBatchQuery(workspace_id="any", query="Nowhere", timespan=None),
    ]
    found["batch"] = [str(getattr(result, "status", "")) for result in client.query_batch(batch)]
    return found


print(json.dumps({"kusto": kusto(), "kusto_async": asyncio.run(kusto_async()), "log_analytics": log_analytics()}))
