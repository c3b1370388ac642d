SELECT DeviceName, ActionType, count(*), epoch_us(max(Timestamp)) FROM DeviceNetworkEvents GROUP BY ALL
