/* pins: held messages, lossy reading, and a publisher that refreshes its limit and steps over what is pinned.
 *
 * Models   one publisher (or whoever holds the mutex). Up to its usable limit it looks at nothing. Beyond:
 *            pins are read; plan: the first place behind the head where the record and its reserve meet no pinned bytes (an
 *            image of a pin in any lap counts); within one lap, else there is no place and it waits;
 *            if the place ends beyond the limit: refresh (cursors; new tail; the tail is stored; full fence; limit), then
 *            pins again and plan again, until the limit covers the plan or the refresh falls short of what was asked: wait;
 *            place: one skip from the head to the place, then the record. Usable limit = the first pinned byte ahead, at
 *            most the limit.
 *          A plain reliable reader: the message received last is held by the cursor; when the next one is received while it
 *          is held, it is pinned, then the cursor moves on. It holds up to two more and releases in any order.
 *          A lossy reader: word, tail; to take a record: pin; full fence; tail again; it holds it; clears the pin. It
 *          looks at the tail on every miss, and goes to it when it has been overrun.
 *          The publisher's and the lossy reader's stores pass through store buffers in order; each side's fence waits until
 *          its own is empty, and nobody drains another's. This is the pair tail / pin.
 *          (The reliable reader stores and never loads what a publisher stores in answer: late stores make it a slower one.)
 *          A cell is 16 bytes: a header, or what a skip or a terminator may cover. A record has 1 or 2 cells and 1 cell of
 *          reserve behind it; payload cells look like committed words. Its stores leave the buffer as one (their order:
 *          claim_one, claim_many; that of the skip's: step_over).
 * P1       whoever holds a record finds its bytes whole until it lets go.
 * P2       a reader never uses a word that was stored for another position; the reliable one sees each record.
 * P3       limit and tail never go backwards; no store beyond the limit.
 * P4       nobody is blocked for ever (else: invalid end state), and a publisher waits only for cursors, or where pins leave
 *          it no place.
 * Flags    -DN= cells, -DMAXPOS= where the publisher stops, -DSTRIDE=, -DRELIABLE, -DLOSSY the readers, -DPINS= of
 *          the reliable one, -DTAKES= records after which the lossy one leaves, -DDEPTH= of the publisher's store buffer.
 * Reach    -DREACH_STEP, -DREACH_MERGED, -DREACH_OVERRUN, -DREACH_WITHDRAWN, -DREACH_AGAIN: must fail; they show a step over
 *          pinned bytes, one over two pins, an overrun, a pin that is withdrawn, a second refresh for one claim.
 * Mutants (each must fail)
 *   -DRELIABLE -DMUTANT_PINS_FIRST       pins are not read again after the cursors.
 *   -DRELIABLE -DMUTANT_CURSOR_FIRST     the reader's cursor moves on before it pins.
 *   -DRELIABLE -DMUTANT_USABLE_IS_LIMIT  up to the limit no pin is looked at.
 *   -DRELIABLE -DMUTANT_OWN_LAP          an image of a pin counts in the head's lap only.
 *   -DRELIABLE -DMUTANT_ONE_PASS         each pin is tried once, in the order of the places: an earlier one that is met
 *                                        only behind a later one is overlooked.
 *   -DRELIABLE -DMUTANT_NO_PINS          pins are not read.
 *   -DLOSSY -DMUTANT_NO_FENCE            the publisher does without its fence.
 *   -DLOSSY -DMUTANT_FENCE_FIRST         its fence comes before the tail's store.
 *   -DLOSSY -DMUTANT_FENCE_LATE          its fence comes after it has read the pins.
 *   -DLOSSY -DMUTANT_NO_READER_FENCE     the reader does without its fence.
 *   -DLOSSY -DMUTANT_NO_TAIL             the limit is raised and the tail stays.
 *   -DLOSSY -DMUTANT_PIN_ONLY            the reader does not look at the tail after its pin.
 *   -DLOSSY -DMUTANT_CHECK_FIRST         it looks at the tail before it pins only.
 *   -DLOSSY -DMUTANT_WORD_ONLY           it goes by a word whose tail it has not looked at.
 *   -DLOSSY -DMUTANT_BLIND_MISS          it does not look at the tail on a miss: what it waits for has been overwritten.
 *   -DLOSSY -DMUTANT_ONE_REFRESH         the publisher gives up when a pin appears between its plan and its refresh.
 */
#ifndef N
#define N 5
#endif
#ifndef MAXPOS
#define MAXPOS 10
#endif
#ifndef STRIDE
#define STRIDE 2
#endif
#ifndef PINS
#define PINS 2                  /* of the reliable reader: 1 or 2 */
#endif
#ifndef DEPTH
#define DEPTH 2                 /* of the publisher's store buffer */
#endif
#define RESERVE 1
#define OTHER(p) (128 + (p))
#define NO_GATE 100
#define SKIP 8
#define PIN_OF(p, s) ((s) * 16 + (p) % N)       /* 0: none */

byte word[N];                           /* 0 empty, 1..2 cells of the committed record, SKIP + cells */
byte wrote[N];                          /* ghost: position last stored as a word (p) or as payload (OTHER(p)) */
byte tail = 0;
byte cursor = 0;
byte pin[3];                            /* 0 and 1: of the reliable seat, 2: of the lossy one */
bool changed = false;                   /* something that a publisher may wait for */
byte end_of_all = NO_GATE;

mtype = { RECORD, STEP, TAIL };
chan publisher_buffer = [DEPTH] of { mtype, byte, byte };
chan reader_buffer = [2] of { byte };

inline drain_publisher() {              /* the oldest store leaves the buffer */
  d_step {
    publisher_buffer ? kind, a, b;
    if
    :: kind == RECORD ->
       word[(a + b) % N] = 0; wrote[(a + b) % N] = a + b;
       if :: b == 2 -> word[(a + 1) % N] = 2; wrote[(a + 1) % N] = OTHER(a + 1) :: else fi;
       word[a % N] = b; wrote[a % N] = a
    :: kind == STEP ->
       word[(a + b) % N] = 0; wrote[(a + b) % N] = a + b;
       word[a % N] = SKIP + b; wrote[a % N] = a
    :: kind == TAIL -> assert(a >= tail); tail = a
    fi;
    kind = 0; a = 0; b = 0
  }
}
inline drain_reader() {
  d_step {
    reader_buffer ? a;
    pin[2] = a; changed = true;
    a = 0
  }
}
/* full fences */
#define PUBLISHER_DRAINED (len(publisher_buffer) == 0)
#define READER_DRAINED    (len(reader_buffer) == 0)

proctype store_buffers() {
  mtype kind;
  byte a, b;
end:
  do
  :: drain_publisher()
  :: drain_reader()
  od
}

#define MIN(a, b) ((a) < (b) -> (a) : (b))
#define MAX(a, b) ((a) > (b) -> (a) : (b))

#if defined(RELIABLE) && defined(LOSSY)
#define FIRST_PIN 0
#define LAST_PIN 2
#elif defined(RELIABLE)
#define FIRST_PIN 0
#define LAST_PIN 1
#else
#define FIRST_PIN 2
#define LAST_PIN 2
#endif

inline read_pins() {                    /* each loaded once */
#ifdef MUTANT_NO_PINS
  skip;
#elif defined(RELIABLE)
  seen[0] = pin[0];
#if PINS == 2
  seen[1] = pin[1];
#endif
#endif
#ifdef LOSSY
  seen[2] = pin[2];
#endif
}

/* a: the start of the first image of pin k that ends behind p; z: its extent */
#ifdef MUTANT_OWN_LAP
#define NEXT_IMAGE(p) a = a + (p) / N * N; if :: a + z <= (p) -> a = 200 :: else fi
#else
#define NEXT_IMAGE(p) do :: a + z <= (p) -> a = a + N :: else -> break od
#endif
inline image(k, p) {
  a = seen[k] % 16; z = seen[k] / 16;
  if :: z == 0 -> a = 200 :: else -> NEXT_IMAGE(p) fi
}

/* place: where the record may lie; need: the end of it and its reserve */
inline plan() {
  d_step {
    place = head;
    k = FIRST_PIN; b = 0;
    do
    :: k > LAST_PIN -> break
    :: else ->
       image(k, place);
       if
       :: a < place + s + RESERVE ->
          place = a + z;
#ifdef REACH_MERGED
          b++; assert(b < 2);
#endif
#ifdef MUTANT_ONE_PASS
          k++
#else
          k = FIRST_PIN                 /* all of them again */
#endif
       :: else -> k++
       fi;
       if :: place + s + RESERVE > head + N -> break :: else fi
    od;
    need = place + s + RESERVE;
    k = 0; a = 0; z = 0; b = 0
  }
}

inline find_usable_limit() {            /* from the planned place on */
  d_step {
    usable = limit;
    k = FIRST_PIN;
#ifndef MUTANT_USABLE_IS_LIMIT
    do
    :: k > LAST_PIN -> break
    :: else -> image(k, place); usable = MIN(usable, a); k++
    od;
#endif
    k = 0; a = 0; z = 0
  }
}

inline refresh() {
#ifdef RELIABLE
  m = cursor;
#else
  m = NO_GATE;
#endif
  d_step {
    next_limit = MIN(MAX(head + STRIDE, need), m + N);
    do
    :: my_tail + N < next_limit && my_tail < head ->
       assert(size[my_tail % N] > 0); my_tail = my_tail + size[my_tail % N] % SKIP
    :: else -> break
    od;
    next_limit = MIN(next_limit, my_tail + N)
  };
#ifdef LOSSY
#ifdef MUTANT_FENCE_FIRST
  PUBLISHER_DRAINED;
#endif
#ifndef MUTANT_NO_TAIL
  publisher_buffer ! TAIL, my_tail, 0;
#endif
#if !defined(MUTANT_NO_FENCE) && !defined(MUTANT_FENCE_FIRST) && !defined(MUTANT_FENCE_LATE)
  PUBLISHER_DRAINED;
#endif
#endif
  limit = MAX(limit, next_limit);
  next_limit = 0
}

proctype publisher() {
  byte head = 0, limit = 0, usable = 0, my_tail = 0;
  byte size[N];                         /* the publisher's own view of the words, past its store buffer */
  byte seen[3];
  byte s, place, need, asked, m, next_limit, k, a, b, z;
  do
  :: head >= MAXPOS -> break
  :: else ->
     if :: s = 1 :: s = 2 fi;
     if
     :: head + s + RESERVE <= usable -> place = head
     :: else ->
again:  atomic { changed = false; asked = 0 };
        do
        ::
#ifdef MUTANT_PINS_FIRST
           if :: asked == 0 -> read_pins() :: else fi;
#else
           read_pins();
#endif
#ifdef MUTANT_FENCE_LATE
           if :: asked > 0 -> PUBLISHER_DRAINED :: else fi;
#endif
           plan();
           if
           :: need > head + N -> m = 0; need = 0; place = 0; changed; goto again               /* no place */
           :: need <= head + N && need <= limit -> break
#ifdef MUTANT_ONE_REFRESH
           :: need <= head + N && need > limit && asked > 0 ->
#else
           :: need <= head + N && need > limit && need <= asked ->
#endif
              assert(m + N < need);                                                     /* P4 */
              m = 0; need = 0; place = 0; changed; goto again                           /* gated */
           :: else ->
#ifdef REACH_AGAIN
              assert(asked == 0);
#endif
              asked = need;
              refresh()
           fi
        od;
        find_usable_limit();
        asked = 0; need = 0; m = 0
     fi;
     seen[0] = 0; seen[1] = 0; seen[2] = 0;
     if
     :: place > head ->
#ifdef REACH_STEP
        assert(false);
#endif
        atomic {
          publisher_buffer ! STEP, head, place - head;
          size[head % N] = SKIP + place - head; head = place
        }
     :: else
     fi;
     atomic { publisher_buffer ! RECORD, head, s; size[head % N] = s; head = head + s; s = 0; place = 0 };
     assert(head < limit)                                                       /* P3 */
  od;
  usable = 0; limit = 0;
  PUBLISHER_DRAINED;
  end_of_all = head
}

#define INTACT(p, s) (wrote[(p) % N] == (p) && word[(p) % N] == (s) && ((s) < 2 || wrote[((p) + 1) % N] == OTHER((p) + 1)))

#ifdef RELIABLE
/* pos[k], size[k]: what is held; 0 and 1 by the pins of the same number, 2 by the cursor; size 0: none */
inline release(k) {
  atomic { assert(INTACT(pos[k], size[k])); pin[k] = 0; changed = true; pos[k] = 0; size[k] = 0 }
}

inline move_cursor(to) { cursor = to; changed = true }

inline let_go_of_newest() {
  atomic { assert(INTACT(pos[2], size[2])); pos[2] = 0; size[2] = 0; move_cursor(next) }
}

inline pin_newest(k) {
#ifdef MUTANT_CURSOR_FIRST
  atomic { move_cursor(next) };
  pin[k] = PIN_OF(pos[2], size[2]);
  d_step { pos[k] = pos[2]; size[k] = size[2]; pos[2] = 0; size[2] = 0 }
#else
  pin[k] = PIN_OF(pos[2], size[2]);
  d_step { move_cursor(next); pos[k] = pos[2]; size[k] = size[2]; pos[2] = 0; size[2] = 0 }
#endif
}

proctype reliable() {
  byte next = 0, w;
  byte pos[3], size[3];
  do
  :: atomic { word[next % N] > 0 -> w = word[next % N]; assert(wrote[next % N] == next) };      /* P2 */
     if
     :: size[2] == 0
     :: size[2] > 0 -> let_go_of_newest()
     :: size[2] > 0 && size[0] == 0 -> pin_newest(0)
#if PINS == 2
     :: size[2] > 0 && size[1] == 0 -> pin_newest(1)
#endif
     fi;
     if
     :: w > SKIP -> atomic { next = next + w - SKIP; w = 0; move_cursor(next) }
     :: else ->
        d_step { assert(INTACT(next, w)); pos[2] = next; size[2] = w; next = next + w; w = 0 }
     fi
  :: size[0] > 0 -> release(0)
#if PINS == 2
  :: size[1] > 0 -> release(1)
#endif
  :: size[2] > 0 -> let_go_of_newest()
  :: next == end_of_all && size[0] + size[1] + size[2] == 0 -> break
  od
}
#endif

#ifdef LOSSY
#ifdef TAKES
#define LEAVE taken++; if :: taken == TAKES -> break :: else fi
#else
#define LEAVE skip
#endif

proctype lossy() {
  byte at, w, t;
#ifdef TAKES
  byte taken;
#endif
  byte stored_for;                      /* ghost */
  do
  :: atomic { w = word[at % N]; stored_for = wrote[at % N] };
#ifndef MUTANT_WORD_ONLY
     t = tail;
#endif
     if
     :: t > at ->                       /* overrun */
#ifdef REACH_OVERRUN
        assert(false);
#endif
        at = t
     :: t <= at && w == 0 ->            /* a miss: look again until something has changed */
        if
        :: end_of_all == at -> break
#ifdef MUTANT_BLIND_MISS
        :: word[at % N] > 0
#else
        :: word[at % N] > 0 || tail > at
#endif
        fi
     :: t <= at && w > SKIP ->
        assert(stored_for == at);                                               /* P2 */
        at = at + w - SKIP
     :: t <= at && w > 0 && w < SKIP ->
        assert(stored_for == at);                                               /* P2 */
#ifdef MUTANT_CHECK_FIRST
        t = tail;
#endif
        reader_buffer ! PIN_OF(at, w);
#ifndef MUTANT_NO_READER_FENCE
        READER_DRAINED;
#endif
#if !defined(MUTANT_CHECK_FIRST) && !defined(MUTANT_PIN_ONLY)
        t = tail;
#endif
        if
        :: t > at ->                    /* overrun: the pin is withdrawn */
#ifdef REACH_WITHDRAWN
           assert(false);
#endif
           reader_buffer ! 0
        :: else ->
           t = 0;
           assert(INTACT(at, w));                                               /* P1 */
           /* ... held ... */
           assert(INTACT(at, w));
           reader_buffer ! 0;
           at = at + w;
           LEAVE
        fi
     fi;
     w = 0; t = 0; stored_for = 0
  od
}
#endif

init {
  byte i = 0;
  atomic {
    do :: i < N -> wrote[i] = 255; i++ :: else -> break od;
    wrote[0] = 0; i = 0;
    run publisher();
#ifdef LOSSY
    run lossy();
#endif
#ifdef RELIABLE
    run reliable();
#endif
    run store_buffers()
  }
}
