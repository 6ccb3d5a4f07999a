/**
 * A labelled sample, one text per line. Expected findings are written as `{type:…}`. Lines without a label contain none,
 * but resemble lines that do. All values are invented or published as examples.
 */
const LINES = String.raw`
Write to {email:anna.berg@example.com} about it.
{email:first.last+tag@sub.domain.co.uk}, please
cc {email:o_neil%99@example-mail.org}; thanks
My address is {email:müller@beispiel.de}.
<{email:root@host42.example.net}> said
mailto:{email:support@example.io}?subject=hi
Contact: {email:a@b.co}
{email:12345@163.com} is how people write there
{email:JOHN.DOE@EXAMPLE.COM} SHOUTED
two: {email:x1@example.org},{email:y2@example.org}
"{email:quoted.person@example.com}"
({email:paren@example.com})
reply-to={email:bounce-77@lists.example.com}
{email:ana@exemplo.com.br} e {email:joao@exemplo.pt}
user {email:иван@пример.рф} wrote
[{email:linked@example.com}](mailto:{email:linked@example.com})
send it to {email:a.very.long.name.with.many.dots@a.very.long.domain.example.museum}
{email:hr@acme.jobs}! now
is {email:q@example.dev}? yes
email:{email:nospace@example.com}
Call {phone:+1 415 555 2671} today
{phone:+44 20 7946 0958} is London
{phone:+49 30 901820} is Berlin
{phone:+33 1 42 68 53 00} is Paris
{phone:+14155552671}
Tel. {phone:(415) 555-2671}
{phone:415-555-2671} or {phone:212.555.0187}
{phone:1-800-555-0199} is free
ring {phone:212 555 0143} after six
{phone:+91 98765 43210} in India
{phone:+81 3-1234-5678} in Tokyo
{phone:+55 (11) 91234-5678} in Brazil
{phone:06 12 34 56 78} est mon portable
{phone:020 7946 0958} from here
{phone:030 9018200} Amt
{phone:01632 960123} home
mobile: {phone:07700 900123}
{phone:+353 87 123 4567}, ask for Mary
phone={phone:+61 412 345 678}
{phone:(020) 555-0134}
WhatsApp {phone:+27 82 123 4567}.
Fax {phone:+41 44 668 18 00}
{phone:+7 495 123-45-67} Moscow
{phone:(212)555-0143} without a space
{phone:+65 6123 4567}
pay with {card:4111 1111 1111 1111} please
card {card:4242424242424242} exp 12/27
{card:5555-5555-5555-4444}
{card:5105105105105100} is a test card
{card:2223003122003222} is the new range
amex {card:3782 822463 10005}
amex {card:371449635398431}
{card:6011111111111117} discover
{card:6011 0009 9013 9424}
{card:3056 930902 5904} diners
{card:38520000023237}
{card:3530 1113 3330 0000} jcb
{card:4012.8888.8888.1881}
{card:4000056655665556}, debit
{card:4111 1111 1111 1111} 123 12/27
number:{card:4242-4242-4242-4242}.
{card:6200000000000005} unionpay
old visa {card:4222222222222}
"{card:4111111111111111}"
two {card:4242 4242 4242 4242}, {card:5555 5555 5555 4444}
IBAN {iban:DE89 3704 0044 0532 0130 00}
{iban:DE89370400440532013000} BIC COBADEFFXXX
{iban:GB82 WEST 1234 5698 7654 32} UK
{iban:GB82WEST12345698765432}
{iban:FR14 2004 1010 0505 0001 3M02 606}
{iban:NL91ABNA0417164300}, thanks
{iban:ES91 2100 0418 4502 0005 1332}
{iban:IT60X0542811101000000123456}
{iban:CH93 0076 2011 6238 5295 7}
{iban:AT611904300234573201}
{iban:BE68 5390 0754 7034}
{iban:SE45 5000 0000 0583 9825 7466}
{iban:NO9386011117947} NORWAY
{iban:PL61109010140000071219812874}
{iban:DK50 0040 0440 1162 43}
{iban:FI21 1234 5600 0007 85}
{iban:PT50000201231234567890154}
{iban:IE29AIBK93115212345678}
iban:{iban:de89 3704 0044 0532 0130 00}
SSN {ssn:123-45-6789}
my social is {ssn:219-09-9998}.
{ssn:078-05-1120} is famous
ssn: {ssn:457 55 5462}
({ssn:321-54-9876})
"{ssn:512-33-4410}"
{ssn:001-01-0001} is the lowest
{ssn:899-99-9999} is the highest
from {ip:203.0.113.7} at noon
{ip:192.168.1.1}, the router
http://{ip:10.0.0.12}:8080/path
ip={ip:8.8.8.8};
logged in from {ip:2001:db8:85a3:0:0:8a2e:370:7334}
{ip:fe80::1ff:fe23:4567:890a} link local
[{ip:2001:db8::1}]:443
{ip:2606:4700:4700::1111} is a resolver
({ip:172.16.254.1})
{ip:198.51.100.23} - - GET /
{ip:FD12:3456:789A::1}
blocked {ip:100.64.0.9}.
OPENAI_API_KEY={api-key:sk-abcdEFGH1234567890ijklMNOP5678}
{api-key:sk-proj-A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6} here
key: {api-key:sk-ant-api03-AbCdEf0123456789-GhIjKl_9876543210AA}
{api-key:sk-or-v1-0123456789abcdef0123456789abcdef}
aws {api-key:AKIAIOSFODNN7EXAMPLE}
{api-key:ASIAIOSFODNN7EXAMPLE} temporary
{api-key:ghp_abcdefghijklmnopqrstuvwxyz0123456789}
{api-key:gho_ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789}
{api-key:github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuv}
{api-key:AIzaSyA1234567890abcdefghijklmnopqrstuv} maps
slack {api-key:xoxb-123456789012-abcdefGHIJKL}
{api-key:xoxp-9876543210-abcdef1234}
stripe {api-key:sk_live_4eC39HqLyjWDarjtT1zdp7dc}
{api-key:rk_test_51H8abcdEFGH0123456789}
{api-key:gsk_abcdEFGH0123456789ijklMNOP} groq
{api-key:hf_abcdefghijklmnopqrstuvwxyzABCD12}
{api-key:glpat-a1B2c3D4e5F6g7H8i9J0}
{api-key:xai-AbCdEfGh0123456789IjKlMn}
{api-key:npm_abcdefghijklmnopqrstuvwxyz0123456789}
"token":"{api-key:SG.abcdefghij0123456789.ABCDEFGHIJ0123456789}"
Authorization: Bearer {api-key:sk-abcdEFGH1234567890ijklMNOP5678}
Bearer {jwt:eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U}
cookie={jwt:eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2lnbmF0dXJl}; Path=/
{jwt:eyJhbGciOiJub25lIn0.eyJhIjoxfQ.} unsigned
-{private-key:-----BEGIN PRIVATE KEY----- MIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUAwggE8AgEAAkEA -----END PRIVATE KEY-----}
{private-key:-----BEGIN RSA PRIVATE KEY-----abc-----END RSA PRIVATE KEY-----} leaked
Passport number {passport:X1234567} expires soon
passport: {passport:533380006}
my passport no. {passport:C01X00T47}
Passport is {passport:AB1234567}
driver's license {licence:D1234567}
Driving licence number: {licence:MORGA753116SM9IJ}
drivers license # {licence:S530-4609-0123}
account number {bank-account:12345678} at the bank
Acct no. {bank-account:000123456789}
account: {bank-account:9876543210}
routing number {bank-account:021000021}
{email:mix@example.com} and {phone:+1 415 555 2671} and {card:4242 4242 4242 4242}
Name,Mail,Tel\nAnn,{email:ann@example.com},{phone:415-555-2671}
{"email":"{email:json@example.com}","ip":"{ip:203.0.113.99}"}
npm install lodash@4.17.21
uses node@20.1.beta for now
import x from '@scope/package'
docker pull image@sha256:0123456789abcdef
photo@2x.png is the sharp one
icon@3x.svg, too
git clone git@github.com:acme/repo.git
@mention someone here
meet me @ 5.30 pm
a@b is not an address
user@localhost
foo@.com
price is 5@10.99 each
on 2024-01-15 we met
due 15.01.2024, not later
01/02/2024 10:30
at 12:34:56 exactly
12:34:56:78 is a timecode
version 1.2.3.4.5 is out
build 10.0.19045.2965
see section 3.1.4.1
v1.2.3.4 of the tool
ratio 192.168 to 1
256.256.256.256 is out of range
999.1.1.1
127.0.0.1 is this machine
0.0.0.0 listens everywhere
1.2.3
std::vector<int> v;
Foo::bar and a::b
dead::beef as a joke
::1 at home
mac 00:1B:44:11:3A:B7
f00::ba4 no
order 4111111111111112 failed the check
4242 4242 4242 4241 is mistyped
1234567890123456 is a counter
0000000000000000
1111 1111 1111 1111
tracking 9400110200881234567890
ISBN 978-3-16-148410-0
EAN 4006381333931
timestamp 1700000000000
1699999999999999 microseconds
3.141592653589793238
id 550e8400-e29b-41d4-a716-446655440000
hash 0123456789abcdef0123456789abcdef
commit 9fceb02d0ae598e95dc970b74767f19372d61af8
DE00 3704 0044 0532 0130 00 has a wrong checksum
GB82 WEST 1234 5698 7654 33
XX12 3456 7890 1234 5678
AB12CD34EF56
SKU DE8937040044
THE QUICK BROWN FOX 12 JUMPS
000-12-3456 was never given out
666-12-3456
900-12-3456
123-00-4567
123-45-0000
123-45-678
1123-45-6789
123-456-789
part 12-34-5678
555-1234 is too short alone
123-456-7890 has no such area
call me at 5
extension 4155552671 in the code
2024 2025 2026
10 20 30 40 50
3 000 000 000 dollars
page 100-200-3000
room 415-555
+1 is a vote
+12 points
2^31 = 2147483648
0x1234567890
1,234,567,890
100.200.3000
sk-learn-style-names-are-fine-with-me
risk-assessment-and-management-plan
sk-short1
task-force-of-the-year-2024-edition
AKIAshort
AKIA is a prefix
ghp_short
my AIza is not long enough
xox games
SG. means Singapore
eyJ is how they begin
eyJhbGciOiJIUzI1NiJ9 alone
-----BEGIN PUBLIC KEY----- abc -----END PUBLIC KEY-----
passport control is closed
a passport photo 35 mm
my passport expired in 2019
passport office, room 12
driver's license renewal
driving licence fees 2024
account manager of the year
account 42
on account of 2024
bank account holder
my account: see page 12
the routing table has 12 rows
the accountant 12345678
scroll 1.5.2.1.9
10:20:30 and 11:21:31
a:b:c:d
key: value
{"id":1234567,"n":"12-34"}
C++ std::string a::b::c
score 10-9-8-7
2001-2010 were good years
chapters 1-2-3-4-5-6-7-8-9
#1234567890
@2024
100% of 50+50
ABCD EFGH IJKL
AT 12 NOON WE MEET AT THE STATION
NO 93 TRAINS TODAY
BE 68 OR NOT TO BE
FI 21 ROUNDS
`

/** Written after the patterns were done, and never used to change them. */
const HELD_OUT = String.raw`
Hi, it's Tom ({email:tom.h@fastmail.example})
forward to {email:billing-dept@invoices.acme.example}, thx
E-Mail: {email:kundenservice@versand-haus.example.de}
{email:zoë@example.fr} a répondu
new contact <{email:c.o.o@startup.example.ai}>
login {email:user_name@mail-1.example.net}:hunter2
ping {email:ops@10gbit.example.com}
my cell is {phone:(646) 555-0199}, text me
office {phone:+31 20 123 4567} ext 4
call {phone:+1-212-555-0100}
Tél : {phone:+33 6 12 34 56 78}
{phone:303.555.0142} after 6pm
reach me on {phone:+44 (0)20 7946 0123}
handynummer {phone:0171 2345678}
{phone:+86 138 0013 8000}
numero {phone:+39 06 698 1234}
{phone:1 (800) 555-0123} toll free
Visa {card:4012 8888 8888 1881}, 09/28
mc {card:5200-8282-8282-8210}
{card:6011981111111113} disc
charged {card:378734493671000} yesterday
card no {card:3566 0020 2036 0505}
diners {card:3622 720627 1667}
Überweisung an {iban:DE75 5121 0800 1245 1261 99}
IBAN: {iban:LU280019400644750000}
iban {iban:TR330006100519786457841326}
transfer {iban:SA03 8000 0000 6080 1016 7519} today
{iban:GR16 0110 1250 0000 0001 2300 695}
{iban:HU42117730161111101800000000}
SSN on file: {ssn:536-90-4399}
social security {ssn:212 34 5678}
ssn={ssn:400-11-2233};
host {ip:198.51.100.77} refused
peer [{ip:2001:db8:0:1::42}]:8080
{ip:10.1.2.3} -> {ip:10.1.2.4}
src={ip:172.217.22.14} dst
addr {ip:fe80::a00:27ff:fe4e:66a1}
export ANTHROPIC_API_KEY={api-key:sk-ant-api03-Zx9Yw8Vu7Ts6Rq5Po4Nm3Lk2Ji1Hg0}
"apiKey": "{api-key:sk-svcacct-AAbbCC112233ddEEff445566}"
AWS_ACCESS_KEY_ID={api-key:AKIAI44QH8DHBEXAMPLE}
git remote https://{api-key:ghp_16C7e42F292c6912E7710c838347Ae178B4a}@example.com
slack: {api-key:xoxb-2048-4096-AbCdEfGhIj}
stripe {api-key:sk_test_51H0abcDEFghiJKLmno}
{api-key:AIzaSyDaGmWKa4JsXZ5HjGw7ISLn3BizBGewQeE} in the bundle
hf login {api-key:hf_QwErTyUiOpAsDfGhJkLzXcVbNmQwErTy12}
auth {jwt:eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJ1aWQiOjQyLCJleHAiOjB9.k3mYp5W1x1c3Gq0o8}
US passport # {passport:488839667}
Passport No: {passport:G28394832}
driver license no {licence:F255921050094}
acct # {bank-account:4400123987}
routing no. {bank-account:322271627}
upgrade to react@18.3.1 soon
logo@1.5x.webp
the @everyone ping at 10.30
see RFC 2616, section 14.9.3
released 2023.11.05.1
2023-11-05T10:20:30Z
05/11/23 10:20
call ended after 555 seconds
room 212-B, floor 03
IPv4 has 32 bits, 255.255.255.0 is a mask
listening on 127.0.0.1:3000
path a::b::c::d in Rust
time 09:08:07.065
order no 4012888888881882
parcel 1Z999AA10123456784
UPC 036000291452
lottery 04 11 23 38 42
GB00 0000 0000 0000 0000 00
DE75 5121 0800 1245 1261 98 is wrong
ref AB12 3456 7890 CD
ssn is 9 digits, like NNN-NN-NNNN
987-65-4321 is for advertising
case 12-345-6789
the sk-prefix-of-a-slug is long enough here
desk-1234567890abcdefghij
ghp_ is what they start with
token eyJhbGciOi
passport renewal takes 6 weeks in 2025
license MIT, driver version 535.129.03
account balance 1234.56
account: 1234
pi is 3.14159265358979
1/2/3/4/5
0800 is freephone
press 1-2-3
score 100-200-300
`

/** A text with its expected findings. */
export interface Labelled {
  readonly text: string
  readonly found: readonly { readonly type: string; readonly value: string }[]
}

/** The parsed sample. */
export const piiSample: readonly Labelled[] = read(LINES)
/** The sample that was not used to develop the patterns. */
export const piiHeldOut: readonly Labelled[] = read(HELD_OUT)

function read(lines: string): Labelled[] {
  return lines
    .trim()
    .split('\n')
    .map((line) => {
      const found: { type: string; value: string }[] = []
      const text = line
        .replaceAll('\\n', '\n')
        .replaceAll(/\{([a-z-]+):([^{}]+)\}/g, (_mark, type: string, value: string) => {
          found.push({ type, value })
          return value
        })
      return { text, found }
    })
}
