SELECT FileName, SHA256, count(*) AS Events, count(DISTINCT DeviceId)
FROM DeviceProcessEvents ANTI JOIN SanctionedHashes_CL USING (SHA256)
GROUP BY ALL ORDER BY Events DESC, SHA256 LIMIT 50
