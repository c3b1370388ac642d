//! The events.

use super::Sample;

const SYSMON: (&str, &str, &str) = (
    "Microsoft-Windows-Sysmon",
    "{5770385f-c22a-43e0-bf4c-06f5698ffbd9}",
    "Microsoft-Windows-Sysmon/Operational",
);
const SECURITY: (&str, &str, &str) =
    ("Microsoft-Windows-Security-Auditing", "{54849625-5478-4994-a5ba-3e3b0328c30d}", "Security");

const GUID: &str = "{b3c285a4-5f1e-5db8-0000-001017d93e00}";
const PARENT_GUID: &str = "{b3c285a4-5f1e-5db8-0000-0010a1b23e00}";
const HASHES: &str = "SHA1=9F5A5B1F0C2D3E4F5A6B7C8D9E0F1A2B3C4D5E6F,MD5=0123456789ABCDEF0123456789ABCDEF,SHA256=00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF,IMPHASH=00000000000000000000000000000000";
const SUBJECT: [(&str, &str); 4] = [
    ("SubjectUserSid", "S-1-5-21-1111111111-2222222222-3333333333-1001"),
    ("SubjectUserName", "Ann"),
    ("SubjectDomainName", "CORP"),
    ("SubjectLogonId", "0x3e7f1"),
];

/// Events of the kinds that have advanced-hunting rows, and of some that have none.
pub fn samples() -> Vec<Sample> {
    let mut samples = sysmon();
    samples.extend(security());
    samples.extend(others());
    for (at, sample) in samples.iter_mut().enumerate() {
        sample.record = 1000 + at as u64;
        sample.time = 132_223_958_451_234_560 + 10_000_000 * at as u64;
    }
    samples
}

fn event(
    (provider, guid, channel): (&'static str, &'static str, &'static str),
    id: u16,
    data: &[(&'static str, &'static str)],
) -> Sample {
    let is_security = channel == "Security";
    Sample {
        provider,
        guid,
        channel,
        id,
        level: if is_security { 0 } else { 4 },
        task: if is_security { 12544 } else { id },
        keywords: if is_security { 0x8020_0000_0000_0000 } else { 0x8000_0000_0000_0000 },
        time: 0,
        record: 0,
        computer: "PC1.corp.example",
        user: if is_security { "" } else { "S-1-5-18" },
        wrapper: "",
        data: data.to_vec(),
    }
}

fn by_subject(id: u16, data: &[(&'static str, &'static str)]) -> Sample {
    event(SECURITY, id, &[&SUBJECT, data].concat())
}

fn sysmon() -> Vec<Sample> {
    let time = ("UtcTime", "2020-01-02 03:04:05.120");
    let rule = ("RuleName", "-");
    let process = [("ProcessGuid", GUID), ("ProcessId", "5060"), ("Image", r"C:\Windows\System32\cmd.exe")];
    let user = ("User", r"CORP\Ann");
    let with = |id, head: &[(&'static str, &'static str)], data: &[(&'static str, &'static str)]| {
        event(SYSMON, id, &[&[rule, time], head, data].concat())
    };
    let access = [
        ("SourceProcessGUID", GUID),
        ("SourceProcessId", "5060"),
        ("SourceImage", r"C:\Temp\tool.exe"),
        ("TargetProcessGUID", PARENT_GUID),
        ("TargetProcessId", "648"),
        ("TargetImage", r"C:\Windows\System32\lsass.exe"),
    ];
    vec![
        with(
            1,
            &process,
            &[
                ("FileVersion", "10.0.17763.1 (WinBuild.160101.0800)"),
                ("Description", "Windows Command Processor"),
                ("Product", "Microsoft® Windows® Operating System"),
                ("Company", "Microsoft Corporation"),
                ("OriginalFileName", "Cmd.Exe"),
                ("CommandLine", r#"cmd.exe /c "echo <a> & type C:\x.txt""#),
                ("CurrentDirectory", r"C:\Users\ann\"),
                user,
                ("LogonGuid", PARENT_GUID),
                ("LogonId", "0x3ed917"),
                ("TerminalSessionId", "2"),
                ("IntegrityLevel", "Medium"),
                ("Hashes", HASHES),
                ("ParentProcessGuid", PARENT_GUID),
                ("ParentProcessId", "4120"),
                ("ParentImage", r"C:\Windows\explorer.exe"),
                ("ParentCommandLine", r"C:\Windows\Explorer.EXE"),
            ],
        ),
        with(
            2,
            &process,
            &[
                ("TargetFilename", r"C:\Users\ann\report.docx"),
                ("CreationUtcTime", "2017-01-01 00:00:00.000"),
                ("PreviousCreationUtcTime", "2020-01-02 03:04:04.000"),
            ],
        ),
        with(
            3,
            &process,
            &[
                user,
                ("Protocol", "tcp"),
                ("Initiated", "true"),
                ("SourceIsIpv6", "false"),
                ("SourceIp", "192.168.1.10"),
                ("SourceHostname", "PC1.corp.example"),
                ("SourcePort", "50123"),
                ("SourcePortName", "-"),
                ("DestinationIsIpv6", "false"),
                ("DestinationIp", "203.0.114.5"),
                ("DestinationHostname", "-"),
                ("DestinationPort", "443"),
                ("DestinationPortName", "https"),
            ],
        ),
        with(
            3,
            &process,
            &[
                user,
                ("Protocol", "udp"),
                ("Initiated", "false"),
                ("SourceIsIpv6", "true"),
                ("SourceIp", "fe80:0:0:0:1:2:3:4"),
                ("SourceHostname", "PC2"),
                ("SourcePort", "5353"),
                ("DestinationIsIpv6", "true"),
                ("DestinationIp", "ff02:0:0:0:0:0:0:fb"),
                ("DestinationPort", "5353"),
            ],
        ),
        with(5, &process, &[]),
        with(
            6,
            &[],
            &[
                ("ImageLoaded", r"C:\Windows\System32\drivers\x.sys"),
                ("Hashes", HASHES),
                ("Signed", "true"),
                ("Signature", "Microsoft Windows"),
                ("SignatureStatus", "Valid"),
            ],
        ),
        with(
            7,
            &process,
            &[
                ("ImageLoaded", r"C:\Temp\evil.dll"),
                ("FileVersion", "-"),
                ("Hashes", HASHES),
                ("Signed", "false"),
            ],
        ),
        with(
            8,
            &access,
            &[
                ("NewThreadId", "7744"),
                ("StartAddress", "0x00007FFB1F8D0000"),
                ("StartModule", r"C:\Windows\System32\KERNEL32.DLL"),
                ("StartFunction", "LoadLibraryA"),
            ],
        ),
        with(
            10,
            &access,
            &[
                ("SourceThreadId", "7000"),
                ("GrantedAccess", "0x1410"),
                ("CallTrace", r"C:\Windows\SYSTEM32\ntdll.dll+9c524|UNKNOWN(00000000001A2B3C)"),
            ],
        ),
        with(
            11,
            &process,
            &[
                ("TargetFilename", r"C:\Users\ann\AppData\Local\Temp\a.ps1"),
                ("CreationUtcTime", "2020-01-02 03:04:05.000"),
            ],
        ),
        with(12, &process, &[("EventType", "CreateKey"), ("TargetObject", r"HKLM\SOFTWARE\Evil")]),
        with(
            12,
            &process,
            &[("EventType", "DeleteValue"), ("TargetObject", r"HKU\S-1-5-21-1-2-3-1001\Software\Run\Evil")],
        ),
        with(
            13,
            &process,
            &[
                ("EventType", "SetValue"),
                ("TargetObject", r"HKLM\System\CurrentControlSet\Services\x\Start"),
                ("Details", "DWORD (0x00000002)"),
            ],
        ),
        with(
            14,
            &process,
            &[
                ("EventType", "RenameKey"),
                ("TargetObject", r"HKLM\SOFTWARE\Old"),
                ("NewName", r"\REGISTRY\MACHINE\SOFTWARE\New"),
            ],
        ),
        with(
            15,
            &process,
            &[
                ("TargetFilename", r"C:\Users\ann\Downloads\a.zip:Zone.Identifier"),
                ("CreationUtcTime", "2020-01-02 03:04:05.000"),
                ("Hash", HASHES),
                (
                    "Contents",
                    "[ZoneTransfer]  ZoneId=3  ReferrerUrl=https://a.example/  HostUrl=https://b.example/a.zip",
                ),
            ],
        ),
        with(17, &[("EventType", "CreatePipe")], &[&process[..], &[("PipeName", r"\msagent_12")]].concat()),
        with(
            21,
            &[("EventType", "WmiBindingEvent")],
            &[
                ("Operation", "Created"),
                user,
                ("Consumer", r#"CommandLineEventConsumer.Name="x""#),
                ("Filter", r#"__EventFilter.Name="y""#),
            ],
        ),
        with(
            22,
            &process,
            &[
                ("QueryName", "a.example"),
                ("QueryStatus", "0"),
                ("QueryResults", "type:  5 b.example;::ffff:203.0.114.7;"),
            ],
        ),
        with(
            23,
            &process,
            &[
                user,
                ("TargetFilename", r"C:\Users\ann\gone.txt"),
                ("Hashes", HASHES),
                ("IsExecutable", "false"),
                ("Archived", "true"),
            ],
        ),
    ]
}

fn security() -> Vec<Sample> {
    let process = [("ProcessId", "0x1f4"), ("ProcessName", r"C:\Windows\System32\svchost.exe")];
    let target = [
        ("TargetUserSid", "S-1-5-21-1111111111-2222222222-3333333333-1002"),
        ("TargetUserName", "Bob"),
        ("TargetDomainName", "CORP"),
    ];
    let object = |kind, name| [("ObjectServer", "Security"), ("ObjectType", kind), ("ObjectName", name)];
    let member = [
        ("MemberName", "-"),
        ("MemberSid", "S-1-5-21-1111111111-2222222222-3333333333-1002"),
        ("TargetUserName", "Administrators"),
        ("TargetDomainName", "Builtin"),
        ("TargetSid", "S-1-5-32-544"),
    ];
    let account =
        [("TargetUserName", "Bob"), ("TargetDomainName", "CORP"), ("TargetSid", "S-1-5-21-1-2-3-1002")];
    let share = [
        ("ObjectType", "File"),
        ("IpAddress", "::ffff:10.0.0.7"),
        ("IpPort", "50321"),
        ("ShareName", r"\\*\C$"),
        ("ShareLocalPath", r"\??\C:\"),
    ];
    let connection = |direction| {
        [
            ("ProcessID", "3936"),
            ("Application", r"\device\harddiskvolume2\app\server.exe"),
            ("Direction", direction),
            ("SourceAddress", "10.0.0.7"),
            ("SourcePort", "50452"),
            ("DestAddress", "10.0.0.8"),
            ("DestPort", "8080"),
            ("Protocol", "6"),
            ("LayerName", "%%14610"),
        ]
    };
    let logon =
        [("LogonProcessName", "NtLmSsp "), ("AuthenticationPackageName", "NTLM"), ("WorkstationName", "PC2")];
    let remote = [("IpAddress", "10.0.0.7"), ("IpPort", "50111")];
    let mut cleared = by_subject(1102, &[]);
    (cleared.provider, cleared.guid) =
        ("Microsoft-Windows-Eventlog", "{fc65ddd8-d6ef-4962-83d5-6e5cfe9ce148}");
    cleared.wrapper = "LogFileCleared";
    vec![
        by_subject(
            4624,
            &[
                &target[..],
                &[("TargetLogonId", "0x1a2b3c"), ("LogonType", "3")],
                &logon,
                &process,
                &remote,
                &[("ElevatedToken", "%%1842")],
            ]
            .concat(),
        ),
        by_subject(
            4625,
            &[
                &[("TargetUserSid", "S-1-0-0")],
                &target[1..],
                &[
                    ("Status", "0xc000006d"),
                    ("FailureReason", "%%2313"),
                    ("SubStatus", "0xc0000064"),
                    ("LogonType", "10"),
                ],
                &logon,
                &process,
                &[("IpAddress", "-"), ("IpPort", "-")],
            ]
            .concat(),
        ),
        by_subject(4634, &[&target[..], &[("TargetLogonId", "0x1a2b3c"), ("LogonType", "3")]].concat()),
        by_subject(
            4648,
            &[&target[1..], &[("TargetServerName", "srv1"), ("TargetInfo", "srv1")], &process, &remote]
                .concat(),
        ),
        by_subject(
            4656,
            &[
                &object("Process", r"\Device\HarddiskVolume2\Windows\System32\lsass.exe")[..],
                &[("HandleId", "0x3e0"), ("AccessMask", "0x1410")],
                &process,
            ]
            .concat(),
        ),
        by_subject(
            4657,
            &[
                ("ObjectName", r"\REGISTRY\MACHINE\SOFTWARE\Run"),
                ("ObjectValueName", "Evil"),
                ("OperationType", "%%1904"),
                ("OldValueType", "-"),
                ("OldValue", "-"),
                ("NewValueType", "%%1873"),
                ("NewValue", r"C:\evil.exe"),
                process[0],
                process[1],
            ],
        ),
        by_subject(
            4663,
            &[
                &object("File", r"C:\secret.txt")[..],
                &[("AccessList", "%%4417\r\n\t\t\t\t"), ("AccessMask", "0x2")],
                &process,
            ]
            .concat(),
        ),
        by_subject(4672, &[("PrivilegeList", "SeDebugPrivilege\r\n\t\t\tSeTcbPrivilege")]),
        by_subject(
            4688,
            &[
                ("NewProcessId", "0x13c4"),
                ("NewProcessName", r"C:\Windows\System32\whoami.exe"),
                ("TokenElevationType", "%%1937"),
                ("ProcessId", "0x1f4"),
                ("CommandLine", "whoami /all"),
                ("TargetUserSid", "S-1-0-0"),
                ("TargetUserName", "-"),
                ("TargetDomainName", "-"),
                ("TargetLogonId", "0x0"),
                ("ParentProcessName", r"C:\Windows\System32\cmd.exe"),
                ("MandatoryLabel", "S-1-16-12288"),
            ],
        ),
        by_subject(
            4697,
            &[
                ("ServiceName", "evil"),
                ("ServiceFileName", r#""C:\Program Files\e vil.exe" -k"#),
                ("ServiceType", "0x10"),
                ("ServiceStartType", "2"),
                ("ServiceAccount", "LocalSystem"),
            ],
        ),
        by_subject(4698, &[("TaskName", r"\Updater"), ("TaskContent", "<Task>\r\n  <Exec/>\r\n</Task>")]),
        by_subject(4720, &account),
        by_subject(4732, &member),
        by_subject(5140, &share),
        by_subject(
            5145,
            &[&share[..], &[("RelativeTargetName", r"Windows\a.exe"), ("AccessMask", "0x1")]].concat(),
        ),
        event(SECURITY, 5156, &connection("%%14592")),
        event(SECURITY, 5156, &connection("%%14593")),
        event(SECURITY, 5157, &connection("%%14593")),
        cleared,
    ]
}

fn others() -> Vec<Sample> {
    let provider = |name, channel| (name, "{a0c1853b-5c40-4b15-8766-3cf1c58f985a}", channel);
    let script = event(
        provider("Microsoft-Windows-PowerShell", "Microsoft-Windows-PowerShell/Operational"),
        4104,
        &[
            ("MessageNumber", "1"),
            ("MessageTotal", "1"),
            ("ScriptBlockText", "Invoke-Mimikatz\r\n# \"quoted\" \\ back"),
            ("ScriptBlockId", GUID),
            ("Path", ""),
        ],
    );
    let service = event(
        provider("Service Control Manager", "System"),
        7045,
        &[
            ("ServiceName", "evil"),
            ("ImagePath", r"%SystemRoot%\evil.exe -k netsvcs"),
            ("ServiceType", "user mode service"),
            ("StartType", "demand start"),
            ("AccountName", "LocalSystem"),
        ],
    );
    let mut classic = event(
        provider("Application Error", "Application"),
        1000,
        &[("", "chrome.exe"), ("", "80.0.3987.132"), ("", "C:\\Program Files\\chrome.exe")],
    );
    classic.level = 2;
    let defender = event(
        provider("Microsoft-Windows-Windows Defender", "Microsoft-Windows-Windows Defender/Operational"),
        1116,
        &[
            ("Product Name", "Microsoft Defender Antivirus"),
            ("Threat Name", "Tool:Win32/EICAR_Test_File"),
            ("Process Name", r"C:\Windows\explorer.exe"),
            ("Detection User", r"CORP\Ann"),
            ("Path", r"file:_C:\Users\ann\eicar.com"),
            ("Action Name", "Not Applicable"),
        ],
    );
    let mut desktop = event(
        provider(
            "Microsoft-Windows-TerminalServices-RemoteConnectionManager",
            "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational",
        ),
        1149,
        &[("Param1", "Ann"), ("Param2", "CORP"), ("Param3", "10.0.0.7")],
    );
    desktop.wrapper = "EventXML";
    vec![script, service, classic, defender, desktop]
}
