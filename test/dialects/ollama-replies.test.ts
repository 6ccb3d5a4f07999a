import { testShapes } from './shapes.ts'

const file = { name: 'stream.ndjson', type: 'application/x-ndjson' }
testShapes('ollama', { provider: 'ollama', model: 'qwen3' }, file)
