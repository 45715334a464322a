/* lossy_join: a lossy seat becomes active while a publisher moves the tail.
 *
 * Models   one publisher (or whoever holds the mutex), no seat that gates, and its refresh:
 *            new tail; the tail is stored; full fence; the limit is raised; then the active seats, and their pins.
 *          A lossy seat that joins: active, by read-modify-write; then it reads from the tail on. To take a record: word,
 *          tail; pin; full fence; tail again. It leaves and joins once more.
 *          Both sides' stores pass through store buffers in order; a fence, or a read-modify-write, waits until its own
 *          buffer is empty. A record has one cell, with one free cell for the terminator behind it. Where pinned bytes are in
 *          the way this publisher waits (how it steps over them: pins, step_over).
 * P1       a record that the reader has taken is whole until its pin is cleared.
 * P2       the reader never uses a word that was stored for another position.
 * P3       nobody is blocked for ever (else: invalid end state).
 * Flags    -DN= cells, -DMAXPOS= where the publisher stops, -DSTRIDE=, -DX_BEFORE the joiner takes its first position from
 *          the tail before it is active (enough: it looks at the tail again before it uses anything), -DACTIVE_PLAIN its
 *          active bit is a plain store (enough: the fence behind its first pin is behind this store too).
 * Reach    -DREACH_UNSEEN, -DREACH_PINNED: must fail; they show that a publisher's look misses a seat that is active before
 *          that look is over, and that pinned bytes are in the way.
 * Mutants (each must fail)
 *   -DMUTANT_NO_FENCE         the publisher does without its fence.
 *   -DMUTANT_FENCE_FIRST      its fence comes before the tail's store.
 *   -DMUTANT_FENCE_LATE       its fence comes after it has read the pins.
 *   -DMUTANT_SEATS_FIRST      it looks for active seats before it stores the tail, and at pins of those only.
 *   -DMUTANT_NO_READER_FENCE  the reader does without its fence.
 *   -DMUTANT_ACTIVE_LAST      the seat becomes active after its first look at a record.
 */
#ifndef N
#define N 4
#endif
#ifndef MAXPOS
#define MAXPOS 9
#endif
#ifndef STRIDE
#define STRIDE 2
#endif
#define RESERVE 1
#define NO_PIN 100

byte word[N];                           /* 0 empty, 1 committed */
byte wrote[N];                          /* ghost: position last stored */
byte tail = 0;
bool joined = false;                    /* the seat's bit */
byte pin = NO_PIN;                      /* a cell */
bool publisher_done = false;
byte end_of_all = 0;

mtype = { RECORD, TAIL, ACTIVE, PIN };
chan publisher_buffer = [2] of { mtype, byte };
chan reader_buffer = [2] of { mtype, byte };

inline drain_publisher() {              /* the oldest store leaves the buffer */
  d_step {
    publisher_buffer ? kind, a;
    if
    :: kind == RECORD ->                /* terminator, then word */
       word[(a + 1) % N] = 0; wrote[(a + 1) % N] = a + 1;
       word[a % N] = 1; wrote[a % N] = a
    :: kind == TAIL -> assert(a >= tail); tail = a
    fi;
    kind = 0; a = 0
  }
}
inline drain_reader() {
  d_step {
    reader_buffer ? kind, a;
    if :: kind == ACTIVE -> joined = a :: kind == PIN -> pin = a fi;
    kind = 0; a = 0
  }
}
/* full fences */
#define PUBLISHER_DRAINED (len(publisher_buffer) == 0)
#define READER_DRAINED    (len(reader_buffer) == 0)

proctype store_buffers() {
  mtype kind;
  byte a;
end:
  do
  :: drain_publisher()
  :: drain_reader()
  od
}

#define MIN(a, b) ((a) < (b) -> (a) : (b))
#define MAX(a, b) ((a) > (b) -> (a) : (b))

/* the first position at or after head that lies in the pinned cell */
#define IMAGE(cell) (head + ((cell) + N - head % N) % N)

inline look_at_seats() {
  seen = joined;
#ifdef REACH_UNSEEN
  assert(seen || !joined);
#endif
}

proctype publisher() {
  byte head = 0, limit = 0, usable = 0, my_tail = 0, next_limit, p = NO_PIN;
  bool seen = false;
  do
  :: head >= MAXPOS -> break
  :: else ->
     do
     :: head + 1 + RESERVE <= usable -> break
     :: else ->
        if
        :: head + 1 + RESERVE <= limit ->               /* a pin is in the way: wait until it is cleared, read it again */
#ifdef REACH_PINNED
           assert(false);
#endif
           (pin != p || !joined)
        :: else ->
#ifdef MUTANT_SEATS_FIRST
           look_at_seats();
#endif
#ifdef MUTANT_FENCE_FIRST
           PUBLISHER_DRAINED;
#endif
           next_limit = MAX(head + STRIDE, head + 1 + RESERVE);
           if :: my_tail + N < next_limit -> my_tail = next_limit - N :: else fi;
           publisher_buffer ! TAIL, my_tail;
#if !defined(MUTANT_NO_FENCE) && !defined(MUTANT_FENCE_FIRST) && !defined(MUTANT_FENCE_LATE)
           PUBLISHER_DRAINED;
#endif
           limit = MAX(limit, next_limit);
           next_limit = 0
        fi;
#ifndef MUTANT_SEATS_FIRST
        look_at_seats();
#endif
        p = NO_PIN;
        if :: seen -> p = pin :: else fi;
#ifdef MUTANT_FENCE_LATE
        PUBLISHER_DRAINED;
#endif
        usable = (p == NO_PIN -> limit : MIN(limit, IMAGE(p)))
     od;
     p = NO_PIN; seen = false;
     atomic { publisher_buffer ! RECORD, head; head++; end_of_all = head }
  od;
  PUBLISHER_DRAINED;
  publisher_done = true
}

#define INTACT(p) (wrote[(p) % N] == (p) && word[(p) % N] == 1)

#ifdef ACTIVE_PLAIN
#define SET_ACTIVE(to) reader_buffer ! ACTIVE, to
#else
#define SET_ACTIVE(to) atomic { READER_DRAINED -> joined = to }
#endif

proctype reader() {
  byte at, w, t, taken;
  byte stored_for;                      /* ghost */
  bool again = true;
join:
#ifdef X_BEFORE
  at = tail;
#endif
#ifndef MUTANT_ACTIVE_LAST
  SET_ACTIVE(true);
#endif
#ifndef X_BEFORE
  at = tail;
#endif
  do
  :: taken == 2 -> break
  :: else ->
     atomic { w = word[at % N]; stored_for = wrote[at % N] };
     t = tail;
     if
     :: t > at -> at = t                                /* overrun */
     :: t <= at && w == 0 ->                            /* a miss: look at word and tail until one has changed */
        if
        :: atomic { publisher_done && end_of_all == at -> break }
        :: atomic { word[at % N] > 0 || tail > at -> skip }
        fi
     :: t <= at && w > 0 ->
        t = 0;
        assert(stored_for == at);                       /* P2 */
        reader_buffer ! PIN, at % N;
#ifndef MUTANT_NO_READER_FENCE
        READER_DRAINED;
#endif
        t = tail;
#ifdef MUTANT_ACTIVE_LAST
        SET_ACTIVE(true);
#endif
        if
        :: t > at
        :: else ->
           assert(INTACT(at));                          /* P1 */
           /* ... held ... */
           assert(INTACT(at));
           at++; taken++
        fi;
        reader_buffer ! PIN, NO_PIN
     fi;
     w = 0; t = 0; stored_for = 0
  od;
  w = 0; t = 0; stored_for = 0; taken = 0;
  SET_ACTIVE(false);
  if :: again -> again = false; goto join :: else fi;
  at = 0
}

init {
  byte i = 0;
  atomic {
    do :: i < N -> wrote[i] = 255; i++ :: else -> break od;
    wrote[0] = 0; i = 0;
    run publisher(); run store_buffers(); run reader()
  }
}
