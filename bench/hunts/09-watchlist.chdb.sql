SELECT FileName, SHA256, count() AS Events, uniqExact(DeviceId)
FROM DeviceProcessEvents WHERE SHA256 NOT IN (SELECT SHA256 FROM SanctionedHashes_CL)
GROUP BY FileName, SHA256 ORDER BY Events DESC, SHA256 LIMIT 50
