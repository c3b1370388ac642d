"""Thirty days of a fleet's events as JSON lines: what `hunts` asks about.

Runs in the benchmarks' virtual environment. Arguments: the table, and the rows of all tables together. Three
fifths of them are DeviceProcessEvents and two fifths DeviceNetworkEvents; SanctionedHashes_CL has most of the
hashes of programs. 5,000 devices and 8,000 accounts, some far busier than others; 1,400 programs whose use falls
off steeply, each in 40 versions with hashes of their own; command lines of which two thirds never repeat;
connections made by processes that are there. Among them, rarely, what a hunter looks for.

The same count makes the same bytes: every value is a hash of its row's number, and the days are fixed.
"""

import sys

import duckdb

#: Rows that are made, sorted and written at once.
CHUNK = 500_000
DAYS = 30
START = "2026-06-01"

PROGRAMS = (
    "svchost.exe conhost.exe cmd.exe chrome.exe msedge.exe backgroundTaskHost.exe RuntimeBroker.exe powershell.exe "
    "taskhostw.exe dllhost.exe SearchProtocolHost.exe wmiprvse.exe explorer.exe OUTLOOK.EXE Teams.exe WINWORD.EXE "
    "EXCEL.EXE rundll32.exe regsvr32.exe sc.exe net.exe net1.exe reg.exe schtasks.exe wscript.exe cscript.exe "
    "mshta.exe bitsadmin.exe certutil.exe whoami.exe ipconfig.exe ping.exe nslookup.exe tasklist.exe msiexec.exe "
    "MsMpEng.exe SenseCncProxy.exe GoogleUpdate.exe OneDrive.exe git.exe python.exe node.exe java.exe code.exe"
).split()

MACROS = """
    -- Numbers from 0 below n, and shares from 0 below 1, that follow from a row's number alone.
    CREATE MACRO pick(i, salt, n) AS (hash(i, salt) % n)::BIGINT;
    CREATE MACRO share(i, salt) AS (hash(i, salt) % 1000003) / 1000003.0;
    CREATE MACRO device(i) AS floor(5000 * pow(share(i, 'device'), 1.6))::BIGINT;
    CREATE MACRO device_id(d) AS sha1('device' || d);
    CREATE MACRO device_name(d) AS printf('ws-%05d.corp.example', d);
    CREATE MACRO process_id(i) AS 4 * pick(i, 'pid', 16000);
    CREATE MACRO program(i) AS floor(1400 * pow(share(i, 'program'), 6))::BIGINT;
    -- Who starts whom hardly ever changes.
    CREATE MACRO parent(i) AS CASE WHEN pick(i, 'odd parent', 100000) = 0 THEN pick(i, 'which', 300)
        ELSE pick(program(i), 'parent' || pick(i, 'parent', 3), 40) END;
    CREATE MACRO version(i) AS floor(40 * pow(share(i, 'version'), 2))::BIGINT;
    CREATE MACRO account(i) AS printf('user%04d', floor(8000 * pow(share(i, 'account'), 1.4))::BIGINT);
    CREATE MACRO stamp(i, rows) AS strftime(TIMESTAMP '{start}' + to_microseconds(
        i * ({days} * 86400000000 // rows) + pick(i, 'jitter', {days} * 86400000000 // rows)), '%Y-%m-%dT%H:%M:%S.%fZ');
"""

PROCESSES = """
    SELECT stamp(i, {rows}) AS TimeGenerated, stamp(i, {rows}) AS Timestamp, device_id(device(i)) AS DeviceId,
        device_name(device(i)) AS DeviceName, 'ProcessCreated' AS ActionType, p.name AS FileName, p.folder AS FolderPath,
        sha1(hashed) AS SHA1, sha256(hashed) AS SHA256, 20000 + pick(hashed, 'size', 4000000) AS FileSize,
        process_id(i) AS ProcessId, p.folder || '\\' || p.name || CASE
            WHEN pick(i, 'bad', 60000) = 0 THEN ' "privilege::debug" "sekurlsa::logonpasswords" exit'
            WHEN pick(i, 'decoy', 30000) = 0 THEN ' --module sekurlsadump --list'
            WHEN pick(i, 'encoded', 5000) = 0 THEN ' -NoP -W Hidden -Enc ' || base64(sha256(i::VARCHAR)::BLOB)
            WHEN pick(i, 'kind', 3) = 0 THEN ' ' || p.usual
            WHEN pick(i, 'kind', 3) = 1 THEN ' --session ' || md5(i::VARCHAR) || ' --wait ' || pick(i, 'wait', 600)
            ELSE ' /c:' || pick(i, 'c', 100000) || ' /job ' || hash(i, 'job') || ' -p ' || p.usual END AS ProcessCommandLine,
        CASE pick(i, 'level', 10) WHEN 0 THEN 'System' WHEN 1 THEN 'High' ELSE 'Medium' END AS ProcessIntegrityLevel,
        'corp' AS AccountDomain, account(i) AS AccountName, pick(i, 'logon', 900000) AS LogonId,
        q.name AS InitiatingProcessFileName, q.folder || '\\' || q.name || ' ' || q.usual AS InitiatingProcessCommandLine,
        process_id(i * 7) AS InitiatingProcessId, r.name AS InitiatingProcessParentFileName, i AS ReportId
    FROM (SELECT i, CASE WHEN i % ({rows} // 3) = 777 THEN 'the needle' ELSE program(i) || '/' || version(i) END AS hashed
            FROM range({first}, {end}) t(i)) t
        JOIN programs p ON p.number = program(i) JOIN programs q ON q.number = parent(i)
        JOIN programs r ON r.number = pick(parent(i), 'parent', 20)
    ORDER BY i
"""

CONNECTIONS = """
    SELECT stamp(i, {rows}) AS TimeGenerated, stamp(i, {rows}) AS Timestamp, device_id(device(p)) AS DeviceId,
        device_name(device(p)) AS DeviceName, CASE WHEN kind < 70 THEN 'ConnectionSuccess' WHEN kind < 85 THEN 'ConnectionAttempt'
            WHEN kind < 95 THEN 'ConnectionFailed' ELSE 'InboundConnectionAccepted' END AS ActionType,
        CASE WHEN pick(i, 'known', 10) < 6 THEN printf('52.%d.%d.%d', site % 200, site // 200 % 250, site % 251)
            ELSE printf('%d.%d.%d.%d', 1 + pick(i, 'a', 220), pick(i, 'b', 256), pick(i, 'c', 256), pick(i, 'd', 256)) END
            AS RemoteIP,
        CASE WHEN port < 620 THEN 443 WHEN port < 780 THEN 80 WHEN port < 880 THEN 53 WHEN port < 930 THEN 445
            WHEN port < 935 THEN 4444 WHEN port < 940 THEN 3389 ELSE 1024 + pick(i, 'port', 64000) END AS RemotePort,
        CASE WHEN pick(i, 'known', 10) < 6 THEN 'host' || site || '.site' || site % 977 || '.example' END AS RemoteUrl,
        printf('10.%d.%d.%d', device(p) % 16, device(p) // 256, device(p) % 256) AS LocalIP,
        49152 + pick(i, 'local', 16000) AS LocalPort, CASE WHEN port BETWEEN 780 AND 879 THEN 'Udp' ELSE 'Tcp' END AS Protocol,
        q.name AS InitiatingProcessFileName, q.folder || '\\' || q.name || ' ' || q.usual AS InitiatingProcessCommandLine,
        process_id(p) AS InitiatingProcessId, account(p) AS InitiatingProcessAccountName, i AS ReportId,
        json_object('direction', CASE WHEN kind < 95 THEN 'Out' ELSE 'In' END, 'tags', list_distinct([
            'tag' || floor(60 * pow(share(i, 'tag'), 2))::BIGINT, 'tag' || pick(i, 'tag 2', 60),
            CASE WHEN port < 620 THEN 'tls' ELSE 'clear' END]), 'bytes', pick(i, 'bytes', 1000000)) AS AdditionalFields
    FROM (SELECT i, p, pick(i, 'action', 100) AS kind, pick(i, 'port kind', 1000) AS port,
            floor(20000 * pow(share(i, 'site'), 2.5))::BIGINT AS site
            FROM (SELECT i, greatest(i * {processes} // {rows} - pick(i, 'process', 2000), 0) AS p
                FROM range({first}, {end}) t(i))) t
        JOIN programs q ON q.number = program(p)
    ORDER BY i
"""

SANCTIONED = """
    SELECT strftime(TIMESTAMP '{start}', '%Y-%m-%dT%H:%M:%SZ') AS TimeGenerated, sha256(number || '/' || version) AS SHA256,
        'team' || number % 12 AS Owner
    FROM programs, range(40) t(version) WHERE pick(number, version::VARCHAR, 60) <> 0 ORDER BY number, version
"""


def main():
    table, total = sys.argv[1], int(sys.argv[2])
    connection = duckdb.connect(config={"threads": 2})
    connection.execute(MACROS.format(start=START, days=DAYS))
    connection.execute("CREATE TABLE names AS SELECT unnest(?) AS name", [PROGRAMS])
    connection.execute(
        """CREATE TABLE programs AS SELECT number, coalesce(n.name, printf('app%04d.exe', number)) AS name,
            ['C:\\Windows\\System32', 'C:\\Program Files\\Suite', 'C:\\Program Files (x86)\\Common', 'C:\\ProgramData\\Agent'
            ][1 + CASE WHEN number < 40 THEN 0 ELSE pick(number, 'folder', 4) END] AS folder,
            ['-k netsvcs -p -s Schedule', '/background /minimized', '--type=renderer --lang=en-US', '-Embedding', '/quiet'
            ][1 + pick(number, 'usual', 5)] || ' ' || number AS usual
        FROM range(1400) t(number) LEFT JOIN (SELECT name, row_number() OVER () - 1 AS at FROM names) n ON n.at = number"""
    )
    processes = total * 3 // 5
    rows, query = {
        "DeviceProcessEvents": (processes, PROCESSES),
        "DeviceNetworkEvents": (total - processes, CONNECTIONS),
        "SanctionedHashes_CL": (1, SANCTIONED),
    }[table]
    for first in range(0, rows, CHUNK):
        text = query.format(
            first=first, end=min(first + CHUNK, rows), rows=rows, processes=processes, start=START, days=DAYS
        )
        connection.execute(f"COPY ({text}) TO '/dev/stdout' (FORMAT json)")


if __name__ == "__main__":
    main()
