import { GENERIC_SIGNATURES } from './generic-signatures.ts';
import { PRODUCT_SIGNATURES } from './product-signatures.ts';

/** Raise the version with every change, so that a stored verdict says by which list it was reached. */
export const BLOCK_SIGNATURES = {
  version: 1,
  signatures: [...PRODUCT_SIGNATURES, ...GENERIC_SIGNATURES],
};
