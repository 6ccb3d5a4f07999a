import type { Value } from '../value.ts'
import { filter, type Filter } from './filter.ts'
import { htmlFilters } from './html.ts'
import { jsonFilters } from './json.ts'
import { listFilters } from './lists.ts'
import { numberFilters } from './numbers.ts'
import { stringFilters } from './strings.ts'

const otherwise: Filter = filter(
  (_run, value, [instead, whenFalsy]): Value => {
    if (whenFalsy) return value || instead
    return value === undefined ? instead : value
  },
  'default_value',
  'boolean',
)

/** The filters by name. A `Map`, because an object would also find inherited names. */
export const filters: ReadonlyMap<string, Filter> = new Map<string, Filter>(
  Object.entries({
    ...stringFilters,
    ...htmlFilters,
    ...listFilters,
    ...numberFilters,
    ...jsonFilters,
    d: otherwise,
    default: otherwise,
  }),
)
