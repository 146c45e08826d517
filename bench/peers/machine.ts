// Description of a comparison: machine, engine, versions, threads, date.
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import type { RuntimeInfo } from 'tapehead';

const packages = ['@tensorflow/tfjs-backend-wasm', 'onnxruntime-web', '@jax-js/jax'];

export function describeMachine({ variant, threads }: RuntimeInfo, date: Date): string {
  const lock = createRequire(resolve('package-lock.json'))('./package-lock.json');
  const versions = packages.map((name) => `${name} ${lock.packages[`node_modules/${name}`].version}`);
  const { node, v8 } = process.versions;
  const own = `tapehead ${lock.version} (${variant}, ${threads} ${threads === 1 ? 'thread' : 'threads'})`;
  const machine = `${cpus()[0]?.model}, ${cpus().length} cores`;
  return [machine, `Node ${node} (V8 ${v8})`, own, ...versions, date.toISOString().slice(0, 10)].join(', ');
}
