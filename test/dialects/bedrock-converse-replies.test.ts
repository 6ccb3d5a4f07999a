import { streamFile } from './bedrock-converse-frames.ts'
import { testShapes } from './shapes.ts'

testShapes('bedrock-converse', { provider: 'bedrock', model: 'amazon.nova-lite-v1:0' }, streamFile)
