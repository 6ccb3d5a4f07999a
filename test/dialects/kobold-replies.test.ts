import { testShapes } from './shapes.ts'

testShapes('kobold', { provider: 'koboldcpp' })
