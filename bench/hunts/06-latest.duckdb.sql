SELECT DeviceId, epoch_us(max(Timestamp)), arg_max(FileName, Timestamp), arg_max(ProcessCommandLine, Timestamp),
    arg_max(AccountName, Timestamp)
FROM DeviceProcessEvents GROUP BY DeviceId
