SELECT InitiatingProcessFileName, FileName, count() AS Events, uniq(DeviceId), toUnixTimestamp64Micro(min(Timestamp))
FROM DeviceProcessEvents GROUP BY InitiatingProcessFileName, FileName HAVING Events <= 3
