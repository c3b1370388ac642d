SELECT toUnixTimestamp64Micro(Timestamp), DeviceName, AccountName, ProcessCommandLine FROM DeviceProcessEvents
WHERE hasTokenCaseInsensitive(assumeNotNull(ProcessCommandLine), 'sekurlsa')
