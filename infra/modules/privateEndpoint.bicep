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
@allowed(['blob', 'queue', 'namespace', 'vault', 'azuremonitor', 'ResourceManagement'])
param groupId string

@description('Required. Resource id of the subnet that the endpoint gets its addresses in.')
@minLength(1)
@maxLength(512)
param subnetId string

@description('Required. Resource id of the resource group that has the DNS zones. Empty: a policy of the organisation makes the names.')
@maxLength(256)
param zonesGroupId string

var zoneNames = loadJsonContent('../dnsZones.json')[groupId]
var zonesGroup = split(zonesGroupId, '/')
// A storage account may have one for its blobs and one for its queues.
var endpointName = groupId == 'queue' ? 'pep-${targetName}-queue' : 'pep-${targetName}'

resource endpoint 'Microsoft.Network/privateEndpoints@2024-10-01' = {
  name: endpointName
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    customNetworkInterfaceName: 'nic-${endpointName}'
    privateLinkServiceConnections: [
      { name: groupId, properties: { privateLinkServiceId: targetId, groupIds: [groupId] } }
    ]
  }

  resource names 'privateDnsZoneGroups' = if (!empty(zonesGroupId)) {
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        for (name, i) in zoneNames: {
          name: length(zoneNames) == 1 ? groupId : '${groupId}-${i}'
          properties: {
            privateDnsZoneId: resourceId(zonesGroup[2], zonesGroup[4], 'Microsoft.Network/privateDnsZones', name)
          }
        }
      ]
    }
  }
}
