metadata name = 'Private endpoint'
metadata description = 'Address of one service inside the virtual network, and its name in DNS.'

import { tagsOf } from '../shared.bicep'

@description('Required. Region.')
@minLength(1)
@maxLength(64)
param location string

@description('Required. Tags of every resource.')
param tags tagsOf

@description('Required. Name of the service\'s resource.')
@minLength(3)
@maxLength(50)
param targetName string

@description('Required. Resource id of the service.')
@minLength(1)
@maxLength(512)
param targetId string

@description('Required. Part of the service that the endpoint is for.')
@allowed(['blob', 'namespace', 'vault'])
param groupId string

@description('Required. Name of the virtual network, which has a subnet for endpoints.')
@minLength(2)
@maxLength(48)
param networkName string

var zoneNames = loadJsonContent('../dnsZones.json')

resource network 'Microsoft.Network/virtualNetworks@2024-10-01' existing = {
  name: networkName

  resource endpoints 'subnets' existing = {
    name: 'endpoints'
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' existing = {
  name: zoneNames[groupId]
}

resource endpoint 'Microsoft.Network/privateEndpoints@2024-10-01' = {
  name: 'pep-${targetName}'
  location: location
  tags: tags
  properties: {
    subnet: { id: network::endpoints.id }
    customNetworkInterfaceName: 'nic-pep-${targetName}'
    privateLinkServiceConnections: [
      { name: groupId, properties: { privateLinkServiceId: targetId, groupIds: [groupId] } }
    ]
  }

  resource names 'privateDnsZoneGroups' = {
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [{ name: groupId, properties: { privateDnsZoneId: zone.id } }]
    }
  }
}
