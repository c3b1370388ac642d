SELECT epoch_us(p.Timestamp), epoch_us(n.Timestamp), p.DeviceName, FileName, ProcessCommandLine, RemoteIP
FROM DeviceProcessEvents p JOIN DeviceNetworkEvents n
    ON p.DeviceId = n.DeviceId AND p.ProcessId = n.InitiatingProcessId
WHERE lower(FileName) IN ('cmd.exe', 'powershell.exe', 'wscript.exe', 'cscript.exe', 'mshta.exe') AND RemotePort = 4444
    AND n.Timestamp BETWEEN p.Timestamp AND p.Timestamp + INTERVAL 1 HOUR
