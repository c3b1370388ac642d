SELECT tag, count(*)
FROM (SELECT unnest(from_json(AdditionalFields -> 'tags', '["VARCHAR"]')) AS tag FROM DeviceNetworkEvents
    WHERE ActionType = 'ConnectionFailed')
GROUP BY tag
