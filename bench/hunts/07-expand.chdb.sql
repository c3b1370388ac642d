SELECT tag, count()
FROM (SELECT arrayJoin(JSONExtract(assumeNotNull(AdditionalFields), 'tags', 'Array(String)')) AS tag
    FROM DeviceNetworkEvents WHERE ActionType = 'ConnectionFailed')
GROUP BY tag
