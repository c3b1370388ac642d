SELECT DeviceName, ActionType, count(), toUnixTimestamp64Micro(max(Timestamp)) FROM DeviceNetworkEvents
GROUP BY DeviceName, ActionType
