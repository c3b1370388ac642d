SELECT ActionType, arrayMap(x -> x.2, groupArray((hour, n)))
FROM (
    SELECT ActionType, toStartOfHour(Timestamp) AS hour, count() AS n FROM DeviceNetworkEvents
    WHERE Timestamp >= '2026-06-01 00:00:00' AND Timestamp < '2026-07-01 00:00:00' GROUP BY ActionType, hour
    ORDER BY ActionType, hour WITH FILL FROM toDateTime('2026-06-01 00:00:00', 'UTC')
        TO toDateTime('2026-07-01 00:00:00', 'UTC') STEP INTERVAL 1 HOUR)
GROUP BY ActionType
