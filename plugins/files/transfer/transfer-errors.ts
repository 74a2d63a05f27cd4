/**
 * What can go wrong with transfers, besides what can go wrong with files.
 */

/** Codes and remedies that files-transfer adds. */
export const transferErrors = {
  E_TRANSFER_RULES: 'The other side broke the rules of a transfer; both nodes must run compatible versions.',
  E_TRANSFER_IDLE: 'Nothing moved for `idleMs`; send the file again when the peer answers.',
  E_TRANSFER_FAILED: 'The other side gave up and did not say why in a way that can be repeated.',
} as const satisfies Record<string, string>
