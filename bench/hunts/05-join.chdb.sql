SELECT toUnixTimestamp64Micro(p.Timestamp), toUnixTimestamp64Micro(n.Timestamp), p.DeviceName, FileName,
    ProcessCommandLine, RemoteIP
FROM (SELECT Timestamp, DeviceId, DeviceName, ProcessId, FileName, ProcessCommandLine FROM DeviceProcessEvents
    WHERE lower(FileName) IN ('cmd.exe', 'powershell.exe', 'wscript.exe', 'cscript.exe', 'mshta.exe')) p
JOIN (SELECT Timestamp, DeviceId, InitiatingProcessId, RemoteIP FROM DeviceNetworkEvents WHERE RemotePort = 4444) n
    ON p.DeviceId = n.DeviceId AND p.ProcessId = n.InitiatingProcessId
WHERE n.Timestamp BETWEEN p.Timestamp AND p.Timestamp + INTERVAL 1 HOUR
