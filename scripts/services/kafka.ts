import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../src/embedded/port.ts';
import { type Absent, type Service, listens, startServer } from './service.ts';

const version = '4.1.0';
const scala = '2.13';

/** 43 MB of jars once; a machine that cannot fetch them in this time goes without. */
const fetchTimeoutMs = 240_000;
/** A JVM on a busy machine. */
const startTimeoutMsMax = 60_000;

/** `secure` is a second listener of the same broker: SASL over TLS with a certificate of its own; not of brokers that are given. */
type Kafka = Service & {
  readonly secure: {
    readonly url: string;
    readonly ca: string;
    readonly username: string;
    readonly password: string;
  } | null;
};

const username = 'tillgate';
const password = 'a password of the tests';

/** The brokers of KAFKA_BROKERS, or a real broker of our own (KRaft, one node, on loopback) when Java and Maven are there. */
export async function startKafka(): Promise<Kafka | Absent> {
  const given = process.env['KAFKA_BROKERS'];
  if (given !== undefined) return { url: given, secure: null, stop: () => Promise.resolve() };
  for (const program of ['java', 'mvn']) {
    if (spawnSync(program, ['-version'], { stdio: 'ignore' }).error !== undefined)
      return { absent: `KAFKA_BROKERS is not set and ${program} is not on the PATH` };
  }
  const jars = fetchJars();
  return typeof jars === 'string' ? startBroker(jars) : jars;
}

/** Answers the folder of the jars, which is kept for the next run. */
function fetchJars(): string | Absent {
  const cache = join(import.meta.dirname, '../../.tillgate/kafka');
  const jars = join(cache, version);
  if (existsSync(jars)) return jars;
  mkdirSync(cache, { recursive: true });
  const dir = mkdtempSync(join(cache, 'fetch-'));
  writeFileSync(join(dir, 'pom.xml'), pom);
  const args = [
    '-q',
    '-B',
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    '-DoutputDirectory=jars',
  ];
  const { status } = spawnSync('mvn', args, { cwd: dir, stdio: ['ignore', 2, 2], timeout: fetchTimeoutMs });
  // Whoever was first has the same jars.
  if (status === 0 && !existsSync(jars)) renameSync(join(dir, 'jars'), jars);
  rmSync(dir, { recursive: true, force: true });
  return existsSync(jars) ? jars : { absent: 'mvn could not fetch the jars of Apache Kafka' };
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tillgate</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_${scala}</artifactId><version>${version}</version></dependency>
  </dependencies>
</project>
`;

async function startBroker(jars: string): Promise<Kafka | Absent> {
  const dir = mkdtempSync(join(tmpdir(), 'tillgate-kafka-'));
  const port = await freePort();
  const controllerPort = await freePort();
  const securePort = await freePort();
  const settings = join(dir, 'server.properties');
  const ca = selfSigned(dir);
  if (ca === null) return { absent: 'openssl could not make a certificate' };
  writeFileSync(settings, properties({ port, controllerPort, securePort }, dir));
  const classPath = readdirSync(jars)
    .map((jar) => join(jars, jar))
    .join(':');
  // One compiler tier and a small heap: it is started for seconds, beside everything else.
  const java = ['-Xmx384m', '-XX:TieredStopAtLevel=1', '-cp', classPath];
  const format = ['kafka.tools.StorageTool', 'format', '-t', 'dGlsbGdhdGUtdGVzdHMtMA', '-c', settings];
  const users = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${username},password=${password}]`,
  ]);
  if (spawnSync('java', [...java, ...format, ...users], { stdio: 'ignore' }).status !== 0)
    return { absent: 'the storage of the broker could not be formatted' };
  const broker = [...java, 'kafka.Kafka', settings];
  const stop = await startServer('java', broker, () => listens(port), startTimeoutMsMax);
  if (stop === null) return { absent: 'the broker does not start' };
  return {
    url: `127.0.0.1:${port}`,
    secure: { url: `127.0.0.1:${securePort}`, ca, username, password },
    stop: async () => {
      await stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A key and its own certificate, in one file as Kafka wants it. Answers the certificate. */
function selfSigned(dir: string): string | null {
  const [key, certificate] = [join(dir, 'key.pem'), join(dir, 'certificate.pem')];
  const made = [
    '-keyout',
    key,
    '-out',
    certificate,
    '-subj',
    '/CN=127.0.0.1',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
  ];
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...made];
  if (spawnSync('openssl', args, { stdio: 'ignore' }).status !== 0) return null;
  const ca = readFileSync(certificate, 'utf8');
  writeFileSync(join(dir, 'keystore.pem'), `${readFileSync(key, 'utf8')}${ca}`);
  return ca;
}

type Ports = { readonly port: number; readonly controllerPort: number; readonly securePort: number };

function properties({ port, controllerPort, securePort }: Ports, dir: string): string {
  const login = 'org.apache.kafka.common.security';
  const scram = `${login}.scram.ScramLoginModule required;`;
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},SECURE://127.0.0.1:${securePort},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},SECURE://127.0.0.1:${securePort}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.secure.plain.sasl.jaas.config': `${login}.plain.PlainLoginModule required user_${username}="${password}";`,
    'listener.name.secure.scram-sha-256.sasl.jaas.config': scram,
    'listener.name.secure.scram-sha-512.sasl.jaas.config': scram,
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': join(dir, 'keystore.pem'),
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(dir, 'log'),
    'num.partitions': 6,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': true,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
