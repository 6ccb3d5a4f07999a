import { generateKeyPairSync, sign } from 'node:crypto'

/** What a test certificate says. */
export interface CertificateOptions {
  readonly hostname: string
  readonly notBefore?: Date
  readonly notAfter?: Date
}

const SEQUENCE = 0x30
const SET = 0x31

/** A DER value: tag, length, content. */
function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  if (body.length < 0x80) return Buffer.concat([Buffer.of(tag, body.length), body])
  return Buffer.concat([Buffer.of(tag, 0x82, body.length >> 8, body.length & 0xff), body])
}

// The object identifiers of SHA-256 with ECDSA, of a common name and of a subject's other names.
const ECDSA_SHA256 = Buffer.from('06082a8648ce3d040302', 'hex')
const COMMON_NAME = Buffer.from('0603550403', 'hex')
const ALTERNATIVE_NAMES = Buffer.from('0603551d11', 'hex')

const time = (at: Date): Buffer => der(0x18, Buffer.from(at.toISOString().replace(/[-:T]|\.\d{3}/g, '')))

/** A self-signed certificate and its key, as PEM, made for one test run. */
export function selfSigned({
  hostname,
  notBefore = new Date('2020-01-01'),
  notAfter = new Date('2099-01-01'),
}: CertificateOptions): { readonly cert: string; readonly key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(0x0c, Buffer.from(hostname)))))
  const names = der(SEQUENCE, der(0x82, Buffer.from(hostname)))
  const extension = der(SEQUENCE, ALTERNATIVE_NAMES, der(0x04, names))
  const algorithm = der(SEQUENCE, ECDSA_SHA256)
  const body = der(
    SEQUENCE,
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(1)),
    algorithm,
    name,
    der(SEQUENCE, time(notBefore), time(notAfter)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, extension)),
  )
  const signature = sign('sha256', body, privateKey)
  const whole = der(SEQUENCE, body, algorithm, der(0x03, Buffer.of(0), signature))
  const lines = whole.toString('base64').replace(/.{64}/g, '$&\n')
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
}
