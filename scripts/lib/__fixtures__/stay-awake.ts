import { keepAwake } from '../keep-awake.ts';

// Holds the machine awake until its parent ends it, or until it is told to let go.
const awake = keepAwake((message) => process.send?.({ warning: message }));
process.on('message', () => awake.release());
process.send?.('started');
