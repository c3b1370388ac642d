SELECT toUnixTimestamp64Micro(Timestamp), DeviceName, AccountName, ProcessCommandLine FROM DeviceProcessEvents
WHERE Timestamp BETWEEN '2026-06-01 00:00:00' AND '2026-07-01 00:00:00' AND SHA256 = '5c3c8188234589ee1d36ce70ede62ff0f1cb2570978e8e92b014d9647751915c'
