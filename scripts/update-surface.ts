import { readSources } from '../test/house/sources.ts'
import { diffSurface, readSurface, surfaceOf, writeSurface } from '../test/house/surface.ts'

// Writes down what the package exports now, and shows what that changes.
const surface = surfaceOf(readSources())
console.log(diffSurface(readSurface(), surface).join('\n') || 'The surface is unchanged.')
writeSurface(surface)
