metadata name = 'Private DNS zones'
metadata description = 'Zones for the names of the private endpoints, and their links to the network that asks them.'

import { partsOf, tagsOf } from '../shared.bicep'

@description('Required. Tags of every resource.')
param tags tagsOf

@description('Required. Name of the links.')
@minLength(2)
@maxLength(48)
param linkName string

@description('Required. Resource id of the virtual network. It must not be linked to other zones of the same names.')
@minLength(1)
@maxLength(512)
param networkId string

@description('Required. Parts that have private endpoints.')
param parts partsOf

var zoneNames = union(flatten(map(parts, part => loadJsonContent('../dnsZones.json')[part])), [])

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for name in zoneNames: {
    name: name
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (name, i) in zoneNames: {
    parent: zones[i]
    name: linkName
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: networkId }
    }
  }
]
