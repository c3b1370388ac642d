SELECT DeviceId, toUnixTimestamp64Micro(max(Timestamp)), argMax(FileName, Timestamp),
    argMax(ProcessCommandLine, Timestamp), argMax(AccountName, Timestamp)
FROM DeviceProcessEvents GROUP BY DeviceId
