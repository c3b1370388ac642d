SELECT InitiatingProcessFileName, FileName, count(*) AS Events, count(DISTINCT DeviceId), epoch_us(min(Timestamp))
FROM DeviceProcessEvents GROUP BY ALL HAVING Events <= 3
