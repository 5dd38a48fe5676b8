import type { EndpointSlice } from '../objects.ts'
import { ageColumn, type Column, column, describedColumn, nameColumn } from './types.ts'

/** Source of both: kubernetes pkg/printers/internalversion/printers.go. */

export const leaseColumns: readonly Column[] = [
  nameColumn,
  describedColumn(
    'Holder',
    'coordination.v1.LeaseSpec.holderIdentity',
    ({ spec }) => spec?.holderIdentity ?? '',
  ),
  ageColumn,
]

export const endpointSliceColumns: readonly Column[] = [
  nameColumn,
  column(
    'AddressType',
    object => String(object.addressType ?? ''),
    'addressType specifies the type of address carried by this EndpointSlice. All addresses in ' +
      'this slice must be the same type. This field is immutable after creation. The following ' +
      'address types are currently supported: * IPv4: Represents an IPv4 Address. * IPv6: ' +
      'Represents an IPv6 Address. * FQDN: Represents a Fully Qualified Domain Name.',
  ),
  column(
    'Ports',
    object => portsText(object as EndpointSlice),
    'ports specifies the list of network ports exposed by each endpoint in this slice. Each port ' +
      'must have a unique name. When ports is empty, it indicates that there are no defined ' +
      'ports. When a port is defined with a nil port value, it indicates "all ports". Each ' +
      'slice may include a maximum of 100 ports.',
  ),
  column(
    'Endpoints',
    object => {
      const { endpoints } = object as EndpointSlice
      return firstThree((endpoints ?? []).flatMap(one => one.addresses ?? []))
    },
    'endpoints is a list of unique endpoints in this slice. Each slice may include a maximum of ' +
      '1000 endpoints.',
  ),
  ageColumn,
]

function portsText({ ports }: EndpointSlice): string {
  return firstThree((ports ?? []).map(({ port, name }) => String(port ?? name ?? '*')))
}

/** Source: listWithMoreString. */
function firstThree(all: readonly string[]): string {
  if (all.length === 0) return '<unset>'
  const shown = all.slice(0, 3).join(',')
  return all.length > 3 ? `${shown} + ${all.length - 3} more...` : shown
}
