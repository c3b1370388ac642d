-- The first condition is fast, the second one exact: `sekurlsadump` is another word.
SELECT epoch_us(Timestamp), DeviceName, AccountName, ProcessCommandLine FROM DeviceProcessEvents
WHERE ProcessCommandLine ILIKE '%sekurlsa%'
    AND regexp_matches(ProcessCommandLine, '(^|[^[:alnum:]])sekurlsa($|[^[:alnum:]])', 'i')
