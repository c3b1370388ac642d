SELECT epoch_us(Timestamp), DeviceName, RemoteIP, RemoteUrl, InitiatingProcessFileName
FROM DeviceNetworkEvents WHERE RemotePort = 3389 ORDER BY Timestamp DESC LIMIT 100
