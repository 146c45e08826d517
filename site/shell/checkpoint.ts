// Checks of a checkpoint before a model is created from it: a small file can name huge dimensions.
import type { StateSource } from 'tapehead';
import type { Ranges, Settings } from './messages.js';

/** Throws a RangeError if a size in `settings` is outside the range that the form allows. */
export function expectInRange(settings: Settings, ranges: Ranges): void {
  for (const [name, value] of Object.entries(settings)) {
    const [min, max] = ranges[name] ?? [-Infinity, Infinity];
    if (typeof value === 'string' || (Number.isInteger(value) && value >= min && value <= max)) continue;
    throw new RangeError(`${name} must be an integer from ${min} to ${max}, got ${value}`);
  }
}

/** Throws a RangeError if a tensor holds a NaN or an infinity. */
export function expectFinite(tensors: StateSource): void {
  for (const [name, { data }] of tensors) {
    for (let i = 0; i < data.length; i++) {
      if (Number.isFinite(Number(data[i]))) continue;
      throw new RangeError(`${name} must hold finite numbers, got ${data[i]} at index ${i}`);
    }
  }
}
