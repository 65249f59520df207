// Random values are the same in every run of `npm test`, so that it tells of a change and of nothing else. New ones are looked
// for by `npm run test:long`; a failure prints its seed.

import fc from 'fast-check';
import { isLong } from '../support/long.js';

if (!isLong) fc.configureGlobal({ seed: 1 });
