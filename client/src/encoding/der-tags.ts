// The universal tags of X.690 that are read or written here. Each has a name of its own, so that a page's script
// contains only those it uses.

export const boolean = 0x01;
export const integer = 0x02;
export const bitString = 0x03;
export const octetString = 0x04;
/** NULL */
export const nil = 0x05;
export const oid = 0x06;
export const enumerated = 0x0a;
export const utf8 = 0x0c;
export const utcTime = 0x17;
export const generalizedTime = 0x18;
export const sequence = 0x30;
export const set = 0x31;
