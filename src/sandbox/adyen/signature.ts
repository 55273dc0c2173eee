import { createHmac } from 'node:crypto';

/** One webhook item. `success` is a string on Adyen's wire; only the eight signed fields can be trusted by a receiver. */
export type NotificationItem = {
  readonly additionalData: Readonly<Record<string, string>>;
  readonly amount: { readonly value: number; readonly currency: string };
  readonly eventCode: string;
  readonly eventDate: string;
  readonly merchantAccountCode: string;
  readonly merchantReference: string;
  readonly originalReference?: string;
  readonly operations?: readonly string[];
  readonly paymentMethod?: string;
  readonly pspReference: string;
  readonly reason: string;
  readonly success: 'true' | 'false';
};

/** Base64 HMAC-SHA256 of the text; the key is written in hexadecimal. Source: Adyen, "Verify HMAC signatures". */
export function signText(text: string, hmacKey: string): string {
  return createHmac('sha256', Buffer.from(hmacKey, 'hex')).update(text, 'utf8').digest('base64');
}

/** The signature of an item: eight values joined by `:`, unescaped, a missing one is empty. */
export function signItem(item: NotificationItem, hmacKey: string): string {
  const text = [
    item.pspReference,
    item.originalReference ?? '',
    item.merchantAccountCode,
    item.merchantReference,
    item.amount.value,
    item.amount.currency,
    item.eventCode,
    item.success,
  ].join(':');
  return signText(text, hmacKey);
}
