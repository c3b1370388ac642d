WITH counts AS (
    SELECT ActionType, epoch_us(Timestamp) // 3600000000 AS hour, count(*) AS n FROM DeviceNetworkEvents
    WHERE Timestamp >= TIMESTAMPTZ '2026-06-01' AND Timestamp < TIMESTAMPTZ '2026-07-01' GROUP BY ALL),
hours AS (
    SELECT unnest(range(epoch_us(TIMESTAMPTZ '2026-06-01') // 3600000000,
        epoch_us(TIMESTAMPTZ '2026-07-01') // 3600000000)) AS hour)
SELECT ActionType, list(coalesce(n, 0) ORDER BY hour)
FROM (SELECT DISTINCT ActionType FROM counts) CROSS JOIN hours LEFT JOIN counts USING (ActionType, hour) GROUP BY ActionType
