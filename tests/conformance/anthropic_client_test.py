#!/usr/bin/env python3
"""Drives the real server with the official Anthropic client.

    anthropic_client_test.py PROGRAM MODEL

starts `PROGRAM serve MODEL` and checks what the client makes of its replies. Any model will do: its words do not
matter, only that whole and streamed replies agree and that every field does as it says.
"""
import sys
import time
import unittest

import anthropic

import house

PROGRAM, MODEL = "", ""
KEY = "sk-of-this-test"


class House(house.House):
    def __init__(self, *flags):
        super().__init__(PROGRAM, MODEL, *flags)

    def client(self, key="none"):
        return anthropic.Anthropic(base_url=self.url, api_key=key, max_retries=0, timeout=120)


class AnthropicClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = House()
        cls.client = cls.house.client()
        cls.model = cls.client.models.list().data[0].id
        cls.messages = [{"role": "user", "content": "Count from one to five."}]

    @classmethod
    def tearDownClass(cls):
        cls.house.stop()

    def fields(self, extra_body={}, **fields):
        return {"model": self.model, "messages": self.messages, "max_tokens": 12, **fields,
                "extra_body": {"seed": 1, **extra_body}}

    def create(self, **fields):
        return self.client.messages.create(**self.fields(**fields))

    def refusal(self, **fields):
        with self.assertRaises(anthropic.BadRequestError) as caught:
            self.create(**fields)
        self.assertEqual(caught.exception.type, "invalid_request_error")
        self.assertTrue(caught.exception.request_id.startswith("req_"))
        return caught.exception.message

    def test_models(self):
        listed = list(self.client.models.list())
        self.assertEqual(listed[0].type, "model")
        self.assertEqual(listed[0].created_at.tzinfo is not None, True)
        self.assertEqual(self.client.models.retrieve(listed[0].id).display_name, listed[0].id)
        with self.assertRaises(anthropic.NotFoundError) as caught:
            self.client.models.retrieve("no-such-model")
        self.assertEqual(caught.exception.type, "not_found_error")

    def test_whole(self):
        message = self.create(system="You are terse.")
        self.assertEqual((message.type, message.role, message.model), ("message", "assistant", self.model))
        self.assertTrue(message.id.startswith("msg_"))
        self.assertTrue(message._request_id.startswith("req_"))
        self.assertEqual(message.content[0].type, "text")
        self.assertIn(message.stop_reason, ("end_turn", "max_tokens"))
        self.assertLessEqual(message.usage.output_tokens, 12)
        self.assertGreaterEqual(message.usage.cache_read_input_tokens, 0)

    def test_the_client_puts_a_stream_together(self):
        whole = self.create()
        with self.client.messages.stream(**self.fields()) as stream:
            text = "".join(stream.text_stream)
            final = stream.get_final_message()
        self.assertEqual(text, whole.content[0].text)
        self.assertEqual(final.content[0].text, text)
        self.assertEqual((final.stop_reason, final.stop_sequence), (whole.stop_reason, whole.stop_sequence))
        total = lambda usage: usage.input_tokens + usage.cache_read_input_tokens
        self.assertEqual(total(final.usage), total(whole.usage))
        self.assertEqual(final.usage.output_tokens, whole.usage.output_tokens)

    def test_raw_events_come_in_order(self):
        events = list(self.create(stream=True))
        self.assertEqual(events[0].type, "message_start")
        self.assertEqual([e.type for e in events[-3:]], ["content_block_stop", "message_delta", "message_stop"])

    def test_system_as_blocks_and_cache_control(self):
        mark = {"type": "ephemeral", "ttl": "1h"}
        blocks = self.create(system=[{"type": "text", "text": "You are terse.", "cache_control": mark}])
        self.assertEqual(blocks.content, self.create(system="You are terse.").content)

    def test_the_second_turn_reads_the_cache(self):
        long = [{"role": "user", "content": "Count from one to five hundred, please. " * 20}]
        first = self.create(messages=long)
        again = self.create(messages=[*long, {"role": "assistant", "content": first.content},
                                      {"role": "user", "content": "Go on."}])
        self.assertGreater(again.usage.cache_read_input_tokens, 0)

    def test_stop_sequences(self):
        greedy = {"temperature": 0}
        text = self.create(extra_body=greedy).content[0].text
        stop = text[len(text) // 2:len(text) // 2 + 3]
        message = self.create(extra_body=greedy, stop_sequences=["nowhere to be found", stop])
        self.assertEqual((message.stop_reason, message.stop_sequence), ("stop_sequence", stop))
        self.assertEqual("".join(block.text for block in message.content), text[:text.index(stop)])

    def test_an_answer_is_gone_on_with(self):
        begun = [*self.messages, {"role": "assistant", "content": "One, two,"}]
        self.assertEqual(self.create(messages=begun).role, "assistant")

    def test_count_tokens(self):
        counted = self.client.messages.count_tokens(model=self.model, messages=self.messages)
        usage = self.create().usage
        self.assertEqual(counted.input_tokens, usage.input_tokens + usage.cache_read_input_tokens)

    def test_batches(self):
        params = self.fields()
        params = {**{k: v for k, v in params.items() if k != "extra_body"}, **params["extra_body"]}
        made = self.client.messages.batches.create(requests=[
            {"custom_id": "right", "params": params}, {"custom_id": "wrong", "params": {**params, "model": "none"}}])
        for _ in range(300):
            batch = self.client.messages.batches.retrieve(made.id)
            if batch.processing_status == "ended":
                break
            time.sleep(0.1)
        self.assertEqual((batch.request_counts.succeeded, batch.request_counts.errored), (1, 1))
        results = {r.custom_id: r.result for r in self.client.messages.batches.results(made.id)}
        self.assertEqual(results["right"].message.content, self.create().content)
        self.assertEqual(results["wrong"].error.error.type, "not_found_error")
        self.assertIn(made.id, [b.id for b in self.client.messages.batches.list()])
        self.assertEqual(self.client.messages.batches.delete(made.id).type, "message_batch_deleted")
        with self.assertRaises(anthropic.NotFoundError):
            self.client.messages.batches.cancel(made.id)

    def test_demands_are_refused_by_name(self):
        tool = {"name": "f", "input_schema": {"type": "object"}}
        self.assertIn("tools", self.refusal(tools=[tool]))
        self.assertIn("tool_choice", self.refusal(tool_choice={"type": "any"}))
        self.assertIn("budget", self.refusal(thinking={"type": "enabled", "budget_tokens": 1024}, max_tokens=2000))
        image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}
        self.assertIn("messages[0].content[0]", self.refusal(messages=[{"role": "user", "content": [image]}]))
        self.assertIn("temperature", self.refusal(extra_body={"temperature": 1.5}))
        self.assertIn("context", self.refusal(messages=[{"role": "user", "content": "word " * 200_000}]))

    def test_hints_are_listed(self):
        reply = self.client.messages.with_raw_response.create(
            **self.fields(metadata={"user_id": "u"}, service_tier="auto", extra_body={"mystery": 1}))
        self.assertEqual(set(reply.headers["x-ignored-fields"].split(", ")), {"metadata", "service_tier", "mystery"})

    def test_an_unknown_model(self):
        with self.assertRaises(anthropic.NotFoundError):
            self.create(model="no-such-model")


class Keys(unittest.TestCase):
    def test_a_wrong_key_has_its_own_class(self):
        guarded = House("--api-key", KEY)
        try:
            guarded.client(KEY).models.list()
            with self.assertRaises(anthropic.AuthenticationError) as caught:
                guarded.client("wrong").messages.create(model="m", max_tokens=1, messages=[])
            self.assertEqual(caught.exception.type, "authentication_error")
        finally:
            guarded.stop()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: anthropic_client_test.py PROGRAM MODEL [unittest arguments]")
    PROGRAM, MODEL = sys.argv[1], sys.argv[2]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
