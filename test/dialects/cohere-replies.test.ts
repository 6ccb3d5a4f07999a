import { testShapes } from './shapes.ts'

testShapes('cohere', { provider: 'cohere', model: 'command-a-plus-05-2026' })
